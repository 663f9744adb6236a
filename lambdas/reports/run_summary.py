"""A finished run as one flat row, for the dashboard's table of runs, which reads it from the log.

CloudWatch Logs Insights indexes at most 200 fields of a JSON line, and a whole output may have 600.
"""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.output.result import ComparedWith, Output
from iu_tuner.contract.uploads.serve_output import ServeOutput
from lambdas.runs.failed_run import FailedRun


def finished_row(output: Output) -> dict[str, Any]:
    """The execution's output as one row of scalars, without those that are not known.

    `…TpsPerUnit` is in requests/s per inference unit, `change…` in percent, `usd` the cost of the model.
    """
    compared = output.compared_with or ComparedWith(None, None)
    same_version, earlier_version = compared.same_model, compared.version_before
    advice = output.recommendation
    return _row(
        output,
        maxTps=output.max_tps.estimate,
        tpsPerUnit=output.tps_per_inference_unit,
        minUnits=advice.min_inference_units,
        maxUnits=advice.max_inference_units,
        beforeTpsPerUnit=same_version and same_version.tps_per_inference_unit,
        change=same_version and same_version.change_percent,
        versionBeforeTpsPerUnit=earlier_version and earlier_version.tps_per_inference_unit,
        changeSinceVersion=earlier_version and earlier_version.change_percent,
        slower=output.regression,
    )


def batch_row(output: BatchOutput) -> dict[str, Any]:
    """A batch's output as one row of scalars, without those that are not known."""
    images = output.images
    return _row(
        output,
        listed=images.listed,
        done=images.done,
        failed=images.failed,
        left=images.left,
        tps=output.throughput.tps,
    )


def serve_row(output: ServeOutput) -> dict[str, Any]:
    """The output of a run for uploads as one row of scalars, without those that are not known."""
    return _row(
        output, done=output.images.done, failed=output.images.failed, left=output.images.waiting, tps=output.tps
    )


def failed_row(run: FailedRun) -> dict[str, Any]:
    """The row of a run without an answer."""
    return _known(
        runId=run.run_id,
        model=run.model_arn,
        outcome=run.error,
        why=run.cause,
        usd=run.receipt.usd if run.receipt else None,
    )


def _row(output: Output | BatchOutput | ServeOutput, **more: Any) -> dict[str, Any]:
    return _known(
        runId=output.run_id,
        model=output.model_arn,
        outcome=output.verdict,
        why=output.verdict_detail,
        **more,
        usd=output.cost and output.cost.run_usd,
    )


def _known(**row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
