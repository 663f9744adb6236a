"""The load goes where the SDK would send it, whatever the function's environment says of endpoints."""

from __future__ import annotations

import pytest

from lambdas.aws.clients import client
from lambdas.models.rekognition.control_plane import model_endpoint


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ({}, "https://rekognition.us-east-1.amazonaws.com"),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "https://rekognition-fips.us-east-1.amazonaws.com"),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "https://rekognition.us-east-1.api.aws"),
        ({"AWS_ENDPOINT_URL_REKOGNITION": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080"),
        (
            {"AWS_ENDPOINT_URL_REKOGNITION": "http://127.0.0.1:8080", "AWS_USE_FIPS_ENDPOINT": "true"},
            "http://127.0.0.1:8080",
        ),
    ],
)
def test_the_endpoint_is_the_sdks(environment: dict[str, str], endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_REKOGNITION", "AWS_USE_FIPS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()

    found = model_endpoint()

    client.cache_clear()
    assert found == endpoint
