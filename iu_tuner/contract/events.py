"""What programs are told of a run that is over: the detail of an EventBridge event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

SOURCE = "inference-unit-tuner"
DetailType = Literal["Run Finished", "Run Failed", "Model Settled"]

# An entry holds 256 kB (262,144 bytes) with its envelope, and so does a queue's message with the event in it.
MAX_BYTES = 240_000
# The largest first; the report bucket keeps all of it.
_MAY_BE_LEFT_OUT = ("steps", "images.skipped", "recommendation.table", "requests.failures", "verdictDetail", "cause")


def event_detail(output: Mapping[str, Any]) -> str:
    """The output as JSON that fits into an event; `leftOut` names the parts that had no room."""
    detail: dict[str, Any] = json.loads(json.dumps(output))
    left_out: list[str] = []
    for path in _MAY_BE_LEFT_OUT:
        if len(_json(detail).encode()) <= MAX_BYTES:
            break
        *above, name = path.split(".")
        part = detail.get(above[0], {}) if above else detail
        if name in part:
            del part[name]
            left_out.append(path)
            detail["leftOut"] = left_out
    return _json(detail)


def _json(detail: Mapping[str, Any]) -> str:
    text = json.dumps(detail, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair, which JSON allows in an error's text, is no UTF-8.
    return text.encode(errors="replace").decode()
