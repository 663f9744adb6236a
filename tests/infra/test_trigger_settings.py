"""`schedules` and `uploadTriggers`: what they take; what a run would refuse is refused before the deployment."""

import json
from typing import Any

import pytest

from infra.settings.context import SettingsError
from infra.settings.schedule_expression import is_schedule_expression
from infra.settings.settings import Settings
from infra.settings.triggers import Schedule, UploadTrigger

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"
OTHER = ARN.replace("bees", "wasps")
INPUT = {"modelArn": ARN}
WEEKLY = {"expression": "cron(0 6 ? * MON *)", "timezone": "Europe/Paris", "input": INPUT}
SAMPLES = {"prefix": "samples/", "settleSeconds": 60, "input": INPUT}


def refusal(**context: object) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(context)
    return str(refused.value)


@pytest.mark.parametrize("write", [lambda value: value, json.dumps], ids=["cdk.json", "command line"])
def test_both_are_lists_of_objects(write: Any) -> None:
    settings = Settings.from_context({"schedules": write([WEEKLY]), "uploadTriggers": write([SAMPLES])})

    assert settings.schedules == (
        Schedule(expression="cron(0 6 ? * MON *)", timezone="Europe/Paris", input=INPUT, enabled=True),
    )
    assert settings.upload_triggers == (UploadTrigger(prefix="samples/", settle_seconds=60, input=INPUT),)


def test_time_zone_state_and_pause_may_be_left_out() -> None:
    settings = Settings.from_context(
        {
            "schedules": [{"expression": "rate(7 days)", "input": INPUT}],
            "uploadTriggers": [{"prefix": "samples/", "input": INPUT}],
        }
    )

    assert (settings.schedules[0].timezone, settings.schedules[0].enabled) == ("UTC", True)
    assert settings.upload_triggers[0].settle_seconds == 60


@pytest.mark.parametrize("key", ["schedules", "uploadTriggers"])
@pytest.mark.parametrize("value", ["", "rate(1 day)", "{}", {}, 7, [7], [{}], [{"input": INPUT}]])
def test_anything_but_a_list_of_whole_objects_is_refused(key: str, value: object) -> None:
    assert key in refusal(**{key: value})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"expression": "every monday"}, "'schedules[1].expression' is 'every monday'; it takes cron("),
        ({"expression": 5}, "'schedules[1].expression' is 5; it takes cron("),
        ({"timezone": "Mars/Olympus"}, "'schedules[1].timezone' is 'Mars/Olympus'; it takes the name of a time zone"),
        ({"timezone": None}, "'schedules[1].timezone' is None"),
        ({"enabled": "no"}, "'schedules[1].enabled' is 'no'; it takes true or false"),
        ({"when": 1}, "'schedules[1].when' is 1; it takes nothing; schedules takes a list of objects"),
        (
            {"input": {**INPUT, "test": {"mode": "fast"}}},
            '\'schedules[1].input\': test.mode: got "fast"; takes "quick", "standard" or "precise"',
        ),
        (
            {"input": {**INPUT, "images": {"prefix": "/samples/"}}},
            "'schedules[1].input': images.prefix: got \"/samples/\"; takes the start of keys",
        ),
        ({"input": {}}, "'schedules[1].input': modelArn: got nothing; takes the ARN"),
        ({"input": 5}, "'schedules[1].input': the input: got 5"),
        ({}, "each combination of expression, timezone, input once"),
        ({"enabled": False}, "each combination of expression, timezone, input once"),
    ],
)
def test_a_bad_schedule_is_refused_by_its_place_and_field(change: dict[str, object], said: str) -> None:
    assert said in refusal(schedules=[WEEKLY, {**WEEKLY, **change}])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prefix": ""}, "'uploadTriggers[1].prefix' is ''; it takes a folder"),
        ({"prefix": "reports/"}, "'uploadTriggers[1].prefix' is 'reports/'; it takes a folder"),
        ({"prefix": "reports/2026/"}, "has nothing to do with reports/"),
        ({"prefix": "samples"}, "'uploadTriggers[1].prefix' is 'samples'; it takes a folder"),
        ({"prefix": "/"}, "it takes a folder"),
        ({"prefix": "a*/"}, "it takes a folder"),
        ({"prefix": "/samples/"}, 'without *, ?, $, <, >, " and \\; write "samples/"'),
        ({"prefix": "s3://my-images/samples/"}, 'write "samples/", and "my-images" as images.bucket'),
        ({"prefix": "samples/*.jpg"}, 'write "samples/"'),
        ({"prefix": "<time>/"}, "it takes a folder"),
        ({"prefix": 'a"/'}, "it takes a folder"),
        ({"prefix": "a\n/"}, "it takes a folder"),
        ({"prefix": f"{256 * 'a'}/"}, "it takes a folder"),
        ({"prefix": 5}, "it takes a folder"),
        ({"settleSeconds": 0}, "'uploadTriggers[1].settleSeconds' is 0; it takes a whole number of seconds from 1 to"),
        ({"settleSeconds": 3601}, "'uploadTriggers[1].settleSeconds' is 3601"),
        ({"settleSeconds": True}, "'uploadTriggers[1].settleSeconds' is True"),
        ({"settleSeconds": "60"}, "'uploadTriggers[1].settleSeconds' is '60'"),
        ({"settle": 5}, "'uploadTriggers[1].settle' is 5; it takes nothing"),
        ({"settle_seconds": 5}, "'uploadTriggers[1].settle_seconds' is 5; it takes nothing"),
        ({"input": {"modelArn": "bees"}}, "'uploadTriggers[1].input': modelArn: got \"bees\"; takes the ARN"),
        ({"input": {**INPUT, "images": {"prefix": "samples/"}}}, "images.prefix: leave it out"),
        ({"input": {**INPUT, "images": {"bucket": "mine"}}}, "images.bucket: leave it out"),
        ({"input": {**INPUT, "images": 5}}, "'uploadTriggers[1].input': images: got 5"),
        ({"input": []}, "'uploadTriggers[1].input': the input: got []"),
        ({"settleSeconds": 90}, "each combination of prefix and modelArn once"),
    ],
)
def test_a_bad_trigger_is_refused_by_its_place_and_field(change: dict[str, object], said: str) -> None:
    assert said in refusal(uploadTriggers=[SAMPLES, {**SAMPLES, **change}])


def test_a_prefix_may_be_written_in_any_script_and_deep() -> None:
    trigger = {**SAMPLES, "prefix": "Bienen/größer als 1 cm (neu)/"}

    assert Settings.from_context({"uploadTriggers": [trigger]}).upload_triggers[0].prefix == trigger["prefix"]


@pytest.mark.parametrize(("key", "entry"), [("schedules", WEEKLY), ("uploadTriggers", SAMPLES)])
def test_with_model_arns_only_those_models_can_be_measured(key: str, entry: dict[str, Any]) -> None:
    said = refusal(**{key: [entry], "modelArns": [OTHER]})

    assert f"'{key}[0].input': modelArn: got \"{ARN}\"; takes one of those in the context key modelArns" in said
    assert Settings.from_context({key: [entry], "modelArns": [OTHER, ARN]}).model_arns == (OTHER, ARN)


@pytest.mark.parametrize(("key", "entry"), [("schedules", WEEKLY), ("uploadTriggers", SAMPLES)])
def test_with_image_prefixes_only_those_images_can_be_read(key: str, entry: dict[str, Any]) -> None:
    said = refusal(**{key: [entry], "imagePrefixes": "bees/"})

    assert f"'{key}[0].input': images.prefix: got \"samples/\"; takes one inside" in said
    assert Settings.from_context({key: [entry], "imagePrefixes": "bees/,samples/"})


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 6 ? * MON *)",
        "cron(0/15 8-18 1,15 * ? 2027)",
        "cron(* * L JAN-MAR ? *)",
        "cron(0 0 15W * ? *)",
        "cron(0 0 ? * 2#1 *)",
        "cron(0 0 ? * 6L *)",
        "cron(0 0 * * ? 2027-2030)",
        "cron(0 0 LW * ? *)",
        "cron(5 4 ? feb tue-thu *)",
        "rate(1 minute)",
        "rate(12 hours)",
        "at(2027-01-31T06:00:00)",
    ],
)
def test_expressions_of_the_scheduler_are_taken(expression: str) -> None:
    assert is_schedule_expression(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "0 6 ? * MON *",
        "cron(0 6 * * MON)",
        "cron(0 6 * * MON *)",
        "cron(0 6 ? * ? *)",
        "cron(60 6 ? * MON *)",
        "cron(0 24 ? * MON *)",
        "cron(0 6 32 * ? *)",
        "cron(0 6 ? 13 MON *)",
        "cron(0 6 ? * 8 *)",
        "cron(0 6 ? * MON 1969)",
        "cron(0 6 ? * MOO *)",
        "cron(0/0 6 ? * MON *)",
        "cron(0 1-2-3 ? * MON *)",
        "cron(0 6 ? * MON,? *)",
        "cron(? 6 ? * MON *)",
        "cron(? 6 * * MON *)",
        "cron(-1 6 ? * MON *)",
        "rate(0 minutes)",
        "rate(1 week)",
        "rate(1.5 hours)",
        "at(2027-02-30T06:00:00)",
        "at(2027-01-31)",
        "at(2027-01-31T06:00:00Z)",
        "rate(1 day) ",
    ],
)
def test_other_expressions_are_not(expression: str) -> None:
    assert not is_schedule_expression(expression)
