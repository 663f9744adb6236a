"""The metadata by which a result is known as current. A result is current if the model would answer the same now."""

from __future__ import annotations

from collections.abc import Mapping

ASSUMED_THRESHOLDS = "assumed"  # the metadata's word for the thresholds that the model assumes


def result_metadata(e_tag: str, model_arn: str, requested_confidence: float | None) -> dict[str, str]:
    """The metadata of the result for an image with this ETag. Without a confidence the model's thresholds count."""
    confidence_text = ASSUMED_THRESHOLDS if requested_confidence is None else f"{requested_confidence:g}"
    return {"source-etag": e_tag, "model": model_arn, "min-confidence": confidence_text}


def is_current(expected: Mapping[str, str], stored: Mapping[str, str]) -> bool:
    """Whether a result with the metadata `stored` is the one that `expected` describes."""
    return expected.items() <= stored.items()
