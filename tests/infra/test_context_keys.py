"""A context key that nobody reads is refused, and what was meant is named: a mistyped boundary bounds nothing."""

import json
import re

import pytest

from infra.settings.context_keys import UnknownKeys
from infra.settings.settings import Settings
from tests.infra.deployments import EVERYTHING
from tests.infra.synth import FLAGS, REPOSITORY


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("modelArn", ["modelArns"]),
        ("modelARNs", ["modelArns"]),
        ("model-arns", ["modelArns"]),
        ("permissionBoundaryArn", ["permissionsBoundaryArn"]),
        ("boundary", ["permissionsBoundaryArn"]),
        ("ImagePrefixes", ["imagePrefixes"]),
        ("uploadTrigger", ["uploadTriggers"]),
        ("schedule", ["schedules"]),
        ("kmsKey", ["kmsKeyArn"]),
        ("KMSKEYARN", ["kmsKeyArn"]),
        ("vpc", ["vpcId"]),
        ("subnets", ["subnetIds"]),
        ("securityGroups", ["securityGroupIds"]),
        ("notifyMail", ["notifyEmail"]),
        ("email", ["notifyEmail"]),
        ("Local", ["local"]),
        ("layerArn", ["powertoolsLayerArn"]),
        ("inferences", ["inference"]),
        ("pricePerIuHourUsd", ["pricePerInferenceUnitHourUsd"]),
        ("endpointUrl", ["lookoutVisionEndpointUrl", "rekognitionEndpointUrl"]),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_ones_are_named(given: str, meant: list[str]) -> None:
    with pytest.raises(UnknownKeys) as refused:
        Settings.from_context({given: "anything"})

    names = " or ".join(f"`{name}`" for name in meant)
    assert str(refused.value) == f"no context key `{given}`; did you mean {names}?"


def test_all_unknown_keys_are_named_at_once_beside_those_that_are_right() -> None:
    context = {**EVERYTHING, "modelArn": [], "ImagePrefixes": ["a/"], "zzz": 1}

    with pytest.raises(UnknownKeys) as refused:
        Settings.from_context(context)

    sentence, _, keys = str(refused.value).partition("; the keys are ")
    assert sentence == (
        "no context keys `modelArn` (did you mean `modelArns`?), "
        "`ImagePrefixes` (did you mean `imagePrefixes`?) and `zzz`"
    )
    assert set(re.findall(r"`(\w+)`", keys)) >= {*EVERYTHING, "modelArns"}


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_a_key_without_a_value_is_refused_all_the_same(value: object) -> None:
    with pytest.raises(UnknownKeys, match="`modelArns`"):
        Settings.from_context({"modelArn": value})


@pytest.mark.parametrize(
    "key",
    [
        "aws:cdk:disable-asset-staging",
        "availability-zones:account=123456789012:region=us-east-1",
        "cli-telemetry:cookie",
        "@aws-cdk/core:somethingNew",
        "@somebody/else",
    ],
)
def test_the_keys_of_the_cdk_are_not_ours(key: str) -> None:
    assert Settings.from_context({**FLAGS, key: True}) == Settings()


def test_the_page_has_every_key_and_no_other() -> None:
    page = (REPOSITORY / "docs" / "configuration.md").read_text("utf-8")
    rows = re.search(r"\| context key \|.*?\n\|[-|]+\n((?:\|.*\n)+)", page)
    assert rows
    shown = {name for row in rows[1].splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])}

    with pytest.raises(UnknownKeys) as refused:
        Settings.from_context({"zzz": 1})
    known = set(re.findall(r"`(\w+)`", str(refused.value).partition("the keys are")[2]))
    assert shown == known


def test_the_app_s_own_context_is_accepted() -> None:
    context = json.loads((REPOSITORY / "cdk.json").read_text("utf-8"))["context"]

    assert Settings.from_context(context) == Settings()
