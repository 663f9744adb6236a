"""A run that is over in one flat row: what a table of runs shows. The dashboard reads it from the log.

CloudWatch Logs Insights finds at most 200 fields of a JSON line, and a whole output may have 600.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.runs.failed_run import FailedRun


def finished_row(output: Mapping[str, Any]) -> dict[str, Any]:
    """The execution's output as one row of scalars; what is not known is left out.

    `…TpsPerUnit` in requests/s per inference unit, `change…` in percent, `usd` of the model.
    """
    compared = output.get("comparedWith") or {}
    same, version = compared.get("sameModel") or {}, compared.get("versionBefore") or {}
    advice = output["recommendation"]
    return _known(
        runId=output["runId"],
        model=output["modelArn"],
        outcome=output["verdict"],
        why=output["verdictDetail"],
        maxTps=output["maxTps"]["estimate"],
        tpsPerUnit=output["tpsPerInferenceUnit"],
        minUnits=advice["minInferenceUnits"],
        maxUnits=advice["maxInferenceUnits"],
        usd=output["cost"]["runUsd"],
        beforeTpsPerUnit=same.get("tpsPerInferenceUnit"),
        change=same.get("changePercent"),
        versionBeforeTpsPerUnit=version.get("tpsPerInferenceUnit"),
        changeSinceVersion=version.get("changePercent"),
        slower=output.get("regression"),
    )


def failed_row(run: FailedRun) -> dict[str, Any]:
    """The same of a run without an answer."""
    return _known(
        runId=run.run_id,
        model=run.model_arn,
        outcome=run.error,
        why=run.cause,
        usd=run.receipt.usd if run.receipt else None,
    )


def _known(**row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
