"""Lookout for Vision in the stack: nothing of it without an endpoint; with one, its own actions on its own models."""

from __future__ import annotations

import pytest

from infra.settings.context import SettingsError
from infra.settings.settings import Settings
from tests.infra.deployments import listed, statements
from tests.infra.iam_reference import faults
from tests.infra.synth import resources, template, text
from tests.support.lookout_vision import ANOMALIES

VERSION = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.1/1615476219000"
URL = "http://127.0.0.1:8080"


def allowed(prefix: str, **context: object) -> set[tuple[str, str]]:
    """The actions and resources of a service in all roles."""
    return {
        (action, text(resource))
        for _, statement in statements(**context)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if action.startswith(f"{prefix}:")
    }


def endpoints(**context: object) -> set[str]:
    functions = resources("AWS::Lambda::Function", **context).values()
    variables = [each["Properties"].get("Environment", {}).get("Variables", {}) for each in functions]
    return {name for each in variables for name in each if name.startswith("AWS_ENDPOINT_URL_")}


def test_without_an_endpoint_no_role_and_no_function_knows_the_service() -> None:
    assert allowed("lookoutvision") == set()
    assert endpoints() == set()


def test_with_an_endpoint_roles_may_use_its_models_and_no_others() -> None:
    context = {"lookoutVisionEndpointUrl": URL, "modelArns": f"{ANOMALIES},{VERSION}"}

    actions = {"DescribeModel", "StartModel", "StopModel", "DetectAnomalies"}
    assert allowed("lookoutvision", **context) == {(f"lookoutvision:{action}", ANOMALIES) for action in actions}
    assert ("rekognition:DetectCustomLabels", VERSION) in allowed("rekognition", **context)
    assert all("boards" not in resource for _, resource in allowed("rekognition", **context))
    assert endpoints(**context) == {"AWS_ENDPOINT_URL_LOOKOUTVISION"}
    assert faults(template(**context)) == []


@pytest.mark.parametrize(
    ("model_arn", "own", "other"),
    [(ANOMALIES, "lookoutvision", "rekognition"), (VERSION, "rekognition", "lookoutvision")],
)
def test_a_stack_whose_models_are_all_of_one_service_may_use_no_other(model_arn: str, own: str, other: str) -> None:
    context = {"lookoutVisionEndpointUrl": URL, "modelArns": model_arn}

    assert allowed(own, **context)
    assert allowed(other, **context) == set()


@pytest.mark.parametrize(
    ("context", "place"),
    [
        ({"modelArns": ANOMALIES}, "modelArns"),
        ({"schedules": [{"expression": "rate(7 days)", "input": {"modelArn": ANOMALIES}}]}, "schedules[0].input"),
    ],
)
def test_without_an_endpoint_its_models_are_refused_at_synth(context: dict[str, object], place: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(context)

    said = str(refused.value)
    assert said.startswith(f"context key '{place}': {ANOMALIES}: Amazon Lookout for Vision ended on 2025-10-31")
    assert "deploy with -c lookoutVisionEndpointUrl=<url>" in said
