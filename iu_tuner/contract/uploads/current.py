"""The metadata by which a result is known as current. A result is current if the model would answer the same now."""

from __future__ import annotations

from collections.abc import Mapping

ASSUMED = "assumed"  # the metadata's word for the thresholds that the model assumes


def result_metadata(e_tag: str, model_arn: str, asked_from: float | None) -> dict[str, str]:
    """The metadata of the result for an image with this ETag. With `asked_from` None the model's thresholds count."""
    asked = ASSUMED if asked_from is None else f"{asked_from:g}"
    return {"source-etag": e_tag, "model": model_arn, "min-confidence": asked}


def is_current(wanted: Mapping[str, str], found: Mapping[str, str]) -> bool:
    """Whether a result with the metadata `found` is the one that `wanted` describes."""
    return wanted.items() <= found.items()
