"""Requests of the service's REST protocol as bytes: paths, headers, bodies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from iu_tuner.contract.model_arn import ModelArn
from lambdas.models.ports import PreparedRequest

_API = "/2020-11-20"
_PNG = b"\x89PNG\r\n\x1a\n"


def path_of(model_arn: str) -> str:
    """The path of a model; those of its operations begin with it."""
    arn = ModelArn.of(model_arn)
    return f"{_API}/projects/{arn.project}/models/{arn.version}"


def request_with_bytes(model_arn: str, image: bytes) -> PreparedRequest:
    """A DetectAnomalies request with the image as its body."""
    content_type = "image/png" if image.startswith(_PNG) else "image/jpeg"
    return _prepared_request("POST", f"{path_of(model_arn)}/detect", {"Content-Type": content_type}, image)


def look_request(model_arn: str) -> PreparedRequest:
    """A DescribeModel request."""
    return _prepared_request("GET", path_of(model_arn), {})


def start_request(model_arn: str, min_units: int, max_units: int | None, token: str) -> PreparedRequest:
    """A StartModel request. Without `max_units` the model does not auto-scale."""
    members: dict[str, Any] = {"MinInferenceUnits": min_units}
    if max_units is not None:
        members["MaxInferenceUnits"] = max_units
    headers = {"Content-Type": "application/json", **_token(token)}
    return _prepared_request("POST", f"{path_of(model_arn)}/start", headers, json.dumps(members).encode())


def stop_request(model_arn: str, token: str) -> PreparedRequest:
    """A StopModel request, which has no body."""
    return _prepared_request("POST", f"{path_of(model_arn)}/stop", _token(token))


def _token(token: str) -> dict[str, str]:
    return {"X-Amzn-Client-Token": token}


def _prepared_request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> PreparedRequest:
    return PreparedRequest(body, hashlib.sha256(body).hexdigest(), method, path, headers)
