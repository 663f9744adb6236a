"""The run's answer in the words of the public interface: the execution's output, as plain JSON values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from iu_tuner.formats import rounded
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.verdicts.account_quota import behind_quota
from lambdas.capacity.verdicts.verdict import judge
from lambdas.experiments.scaling import Scaling
from lambdas.load.client_load import client_load
from lambdas.load.histogram import LATENCIES_FOR_P95, LATENCIES_FOR_P99, LatencyHistogram
from lambdas.load.measured_step import MeasuredStep, load_of, observed_s
from lambdas.models.lease import Lease
from lambdas.models.registry import facts_of
from lambdas.planning.advice import more_of_demand, recommended
from lambdas.planning.recommendation import Recommendation, per_unit_of
from lambdas.planning.request_history import RequestHistory
from lambdas.runs.progress import Progress
from lambdas.runs.receipt import Receipt, model_left
from lambdas.runs.run import Run
from lambdas.runs.step_rows import interval_row, measured_so_far
from lambdas.tuning import apply_answer as applying
from lambdas.tuning.image_output import cautions_of, images_row

# Verdicts, or limits, whose rate says nothing about inference units, and why.
NO_ADVICE = {
    "sudden-increase": "{service} refused a sudden increase of requests before the model was brought to its maximum",
    "account-throttled": "The account's quota, not the inference units, limits you, and more of them would not help",
    "unstable": "The measurement is unstable",
}


def findings(
    run: Run,
    steps: Sequence[MeasuredStep],
    found: Measurement,
    history: RequestHistory | None = None,
    scaling: Scaling | None = None,
    *,
    refused_images: int = 0,
) -> dict[str, Any]:
    """What the steps say: the output without the parts that are known when the model has stopped.

    A run whose demand is from the past comes with that `history`; one that was to measure a second time, with what
    came of that. The model refused `refused_images` of the run's images.
    """
    cautions = cautions_of(run, refused_images)
    found = behind_quota(found, run.tps_quota)
    under_load = sum((counts.failures for counts in load_of(steps, "main")), Counter[str]())
    quick = run.mode == "quick"
    verdict = judge(
        found,
        quick=quick,
        auto_scales_to=run.auto_scales_to,
        failures=under_load,
        other_traffic=run.other_traffic,
        image_cautions=cautions,
        quota=run.tps_quota,
        client=client_load(load_of(steps, "main")),
        observed_s=observed_s(steps),
        service=facts_of(run.model_arn),
    )
    per_unit = _per_unit(found.max_tps, run.inference_units)
    no_advice = NO_ADVICE.get(verdict.limited_by or "", NO_ADVICE.get(verdict.word))
    no_advice = no_advice or ("" if per_unit else "No rate was measured")
    no_advice = no_advice.format(service=facts_of(run.model_arn).name)
    if per_unit is None or no_advice:
        advice = Recommendation(None, None, (f"{no_advice}: no number of inference units follows",), ())
        planned_with = per_unit
    else:
        more = scaling.more if scaling else None
        advice = recommended(run, per_unit, history, more)
        advice = replace(advice, reasons=(*advice.reasons, *(scaling.reasons if scaling else ())))
        planned_with = per_unit_of(advice.max_inference_units or 1, per_unit, more)
    recommendation = {**_recommendation(advice), **more_of_demand(run, planned_with, advice, history)}
    recommendation["reasons"] = [*recommendation["reasons"], *(each[0].upper() + each[1:] for each in cautions)]
    return {
        "runId": run.run_id,
        "modelArn": run.model_arn,
        "verdict": verdict.word,
        "verdictDetail": verdict.detail,
        **({"limitedBy": verdict.limited_by} if verdict.limited_by else {}),
        "maxTps": interval_row(found.max_tps),
        "observedSeconds": rounded(observed_s(steps), 0),
        "cleanTps": {
            "rate": rounded(found.clean.tps, 2) if found.clean else None,
            "throttleRatioBelow": rounded(found.clean.throttle_ratio_below, 3) if found.clean else None,
        },
        "inferenceUnits": run.inference_units,
        "tpsPerInferenceUnit": rounded(per_unit.estimate, 3) if per_unit else None,
        "latencyMs": _latency(found.clean.latency if found.clean else LatencyHistogram()),
        "recommendation": recommendation,
        **measured_so_far(steps),
        **({"scaling": scaling.as_output()} if scaling else {}),
        **({"otherTraffic": run.other_traffic.as_output()} if run.other_traffic else {}),
        **({"accountQuotaTps": run.tps_quota.tps} if run.tps_quota else {}),
        **({"warnings": list(run.warnings)} if run.warnings else {}),
    }


def skipped(run_id: str, holder: Lease) -> dict[str, Any]:
    """The output of a run that found the model's lease taken: no number, and nothing was touched."""
    return {
        "runId": run_id,
        "modelArn": holder.model_arn,
        "verdict": "skipped",
        "verdictDetail": f"The run {holder.run_id} has been testing this model since {holder.started_at}: nothing was "
        "measured or touched; run again when it has ended.",
        "maxTps": interval_row(None),
        "observedSeconds": None,
        "cleanTps": {"rate": None, "throttleRatioBelow": None},
        "inferenceUnits": None,
        "tpsPerInferenceUnit": None,
        "latencyMs": _latency(LatencyHistogram()),
        "recommendation": _recommendation(Recommendation(None, None, (), ())),
        **measured_so_far([]),
        "heldBy": {"runId": holder.run_id, "executionArn": holder.execution_arn, "since": holder.started_at},
    }


def output(
    run: Run, progress: Progress, found: dict[str, Any], receipt: Receipt, *, result_uri: str, report_uri: str
) -> dict[str, Any]:
    """The execution's output: the findings, what they cost, and how the model was left."""
    return {
        **found,
        "cost": {
            "runUsd": rounded(receipt.usd, 4),
            "inferenceUnitHours": rounded(receipt.inference_unit_hours, 4),
            "pricePerInferenceUnitHourUsd": run.usd_per_unit_hour,
            "expectedUsd": rounded(run.expected_usd, 4),
        },
        "model": {**model_left(receipt), **applying.left_running(receipt, run.usd_per_unit_hour)},
        **(applying.told(receipt, run.usd_per_unit_hour) if run.after_run == "apply" else {}),
        "images": images_row(run, progress),
        "resultUri": result_uri,
        "reportUri": report_uri,
    }


def _per_unit(max_tps: Interval | None, units: int) -> Interval | None:
    if max_tps is None or max_tps.estimate <= 0:
        return None
    return max_tps.per_unit(units)


def _latency(latency: LatencyHistogram) -> dict[str, float | None]:
    return {
        "p50": rounded(latency.quantile_ms(0.5), 0),
        "p95": rounded(latency.quantile_ms(0.95), 0) if latency.count >= LATENCIES_FOR_P95 else None,
        "p99": rounded(latency.quantile_ms(0.99), 0) if latency.count >= LATENCIES_FOR_P99 else None,
        "samples": latency.count,
    }


def _recommendation(advice: Recommendation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "minInferenceUnits": advice.min_inference_units,
        "maxInferenceUnits": advice.max_inference_units,
        "reasons": list(advice.reasons),
        "table": [
            {
                "inferenceUnits": row.inference_units,
                "tps": rounded(row.tps, 2),
                "usdPerHour": rounded(row.usd_per_hour, 2),
                "usdPer1000Images": rounded(row.usd_per_1000_images, 4),
            }
            for row in advice.table
        ],
    }
    if advice.batch:
        described["batch"] = {
            "inferenceUnits": advice.batch.inference_units,
            "hours": rounded(advice.batch.hours, 3),
            "inferenceUnitHours": rounded(advice.batch.inference_unit_hours, 3),
            "usd": rounded(advice.batch.usd, 2),
        }
    return described
