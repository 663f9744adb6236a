"""Recommend: computes max TPS, verdict and inference units from all counts."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.tuning.recommend import recommend


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> `{}`; the findings are stored in the runs table until the model is released."""
    recommend(event["runId"])
    return {}
