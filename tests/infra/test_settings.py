"""Every deploy-time knob is read, typed, checked and explained."""

import pytest

from infra.settings import Settings, SettingsError

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.2021-03-11T15.23.39/1615476219000"
OTHER_ARN = "arn:aws-cn:rekognition:cn-north-1:123456789012:project/wasps/version/1/1615476219001"


def test_without_context_every_setting_has_its_default() -> None:
    settings = Settings.from_context({"@aws-cdk/core:explicitStackTags": True})

    assert settings == Settings(
        model_arns=(),
        rekognition_endpoint_url=None,
        model_poll_seconds=30,
        local=False,
        price_per_inference_unit_hour_usd=4.0,
    )


@pytest.mark.parametrize(
    ("key", "value", "field", "parsed"),
    [
        ("modelArns", ARN, "model_arns", (ARN,)),
        ("modelArns", f"{ARN}, {OTHER_ARN}", "model_arns", (ARN, OTHER_ARN)),
        ("modelArns", f'["{ARN}"]', "model_arns", (ARN,)),
        ("modelArns", [ARN, OTHER_ARN], "model_arns", (ARN, OTHER_ARN)),
        ("modelArns", [], "model_arns", ()),
        (
            "rekognitionEndpointUrl",
            "http://127.0.0.1:8080",
            "rekognition_endpoint_url",
            "http://127.0.0.1:8080",
        ),
        ("modelPollSeconds", "1", "model_poll_seconds", 1),
        ("modelPollSeconds", 300, "model_poll_seconds", 300),
        ("local", "true", "local", True),
        ("local", True, "local", True),
        ("local", "false", "local", False),
        ("pricePerInferenceUnitHourUsd", "1.37", "price_per_inference_unit_hour_usd", 1.37),
        ("pricePerInferenceUnitHourUsd", 5, "price_per_inference_unit_hour_usd", 5.0),
    ],
)
def test_a_value_is_read_from_the_command_line_and_from_cdk_json_alike(
    key: str, value: object, field: str, parsed: object
) -> None:
    settings = Settings.from_context({key: value})

    assert getattr(settings, field) == parsed
    assert type(getattr(settings, field)) is type(parsed)


@pytest.mark.parametrize(
    ("key", "value", "takes"),
    [
        ("modelArns", "bees", "model version ARNs"),
        ("modelArns", ARN.removesuffix("/1615476219000"), "model version ARNs"),
        ("modelArns", "[not json", "model version ARNs"),
        ("modelArns", "", "model version ARNs"),
        ("modelArns", 7, "model version ARNs"),
        ("modelArns", [ARN, 7], "model version ARNs"),
        (
            "modelArns",
            ["arn:aws:rekognition:us-east-1:123456789012:project/*/version/*/1"],
            "model version ARNs",
        ),
        ("rekognitionEndpointUrl", "", "a URL"),
        ("rekognitionEndpointUrl", "127.0.0.1:8080", "a URL"),
        ("rekognitionEndpointUrl", "ftp://host", "a URL"),
        ("rekognitionEndpointUrl", 8080, "a URL"),
        ("modelPollSeconds", "0", "from 1 to 300"),
        ("modelPollSeconds", 301, "from 1 to 300"),
        ("modelPollSeconds", "1.5", "from 1 to 300"),
        ("modelPollSeconds", True, "from 1 to 300"),
        ("local", "yes", "true or false"),
        ("local", 1, "true or false"),
        ("pricePerInferenceUnitHourUsd", "0", "above 0"),
        ("pricePerInferenceUnitHourUsd", "-4", "above 0"),
        ("pricePerInferenceUnitHourUsd", "nan", "above 0"),
        ("pricePerInferenceUnitHourUsd", True, "above 0"),
        ("schedules", '[{"expression": "rate(1 day)"}]', "not supported yet"),
        ("uploadTriggers", [{"prefix": "samples/"}], "not supported yet"),
        ("notifyEmail", "me@example.com", "not supported yet"),
    ],
)
def test_a_bad_value_is_refused_by_name_with_what_the_key_takes(key: str, value: object, takes: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context({key: value})

    message = str(refused.value)
    assert f"'{key}'" in message
    assert takes in message
    culprit = value[-1] if isinstance(value, list) and key == "modelArns" else value
    assert repr(culprit) in message


@pytest.mark.parametrize("key", ["schedules", "uploadTriggers"])
def test_the_default_of_a_key_that_is_not_supported_yet_is_no_error(key: str) -> None:
    assert Settings.from_context({key: []}) == Settings()
