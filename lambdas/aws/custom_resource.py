"""The response that CloudFormation waits for from a custom resource."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any


def send_response(event: Mapping[str, Any], *, failure: str | None = None) -> None:
    """Send the response: success, or the failure that CloudFormation shows to the user."""
    body = {
        "Status": "FAILED" if failure else "SUCCESS",
        "Reason": (failure or "done")[:1000],
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # The type is empty, as the URL is signed without one.
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(body).encode(), {"Content-Type": ""}, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=30):
        pass
