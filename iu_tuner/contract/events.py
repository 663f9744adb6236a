"""The detail of the EventBridge event about a finished run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

SOURCE = "inference-unit-tuner"
DetailType = Literal["Run Finished", "Run Failed", "Model Settled", "Image Analyzed"]

# EventBridge allows 256 kB (262,144 bytes) for an entry with its envelope, and SQS the same for a message.
MAX_BYTES = 240_000
# Parts that may be left out, the largest first; the report bucket has them all.
_OPTIONAL_PARTS = ("steps", "images.skipped", "recommendation.table", "requests.failures", "verdictDetail", "cause")


def event_detail(output: Mapping[str, Any]) -> str:
    """The output as JSON of at most MAX_BYTES; `leftOut` names the parts that were removed for that."""
    detail: dict[str, Any] = json.loads(json.dumps(output))
    left_out: list[str] = []
    for path in _OPTIONAL_PARTS:
        if len(_json(detail).encode()) <= MAX_BYTES:
            break
        *parents, name = path.split(".")
        part = detail.get(parents[0], {}) if parents else detail
        if name in part:
            del part[name]
            left_out.append(path)
            detail["leftOut"] = left_out
    return _json(detail)


def _json(detail: Mapping[str, Any]) -> str:
    text = json.dumps(detail, ensure_ascii=False, separators=(",", ":"))
    # JSON allows a lone surrogate in an error's text, but UTF-8 does not.
    return text.encode(errors="replace").decode()
