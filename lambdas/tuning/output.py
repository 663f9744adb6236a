"""Builds the execution's output, which is the public form of a run's answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from iu_tuner.contract.output.live_run import Receipt
from iu_tuner.contract.output.measured import OtherTraffic
from iu_tuner.contract.output.recommendation import BatchOutput, RecommendationOutput, UnitsOutput
from iu_tuner.contract.output.result import CostOutput, Findings, LeaseHolder, Output
from iu_tuner.contract.output.sentences import summarized
from iu_tuner.formats import rounded
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.verdicts.account_quota import bounded_by_quota
from lambdas.capacity.verdicts.verdict import judge
from lambdas.experiments.scaling import ScalingResult
from lambdas.load.client_load import client_load
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.measured_step import MeasuredStep, counts_of_series, observed_s
from lambdas.models.lease import Lease
from lambdas.models.recent_traffic import RECENT_MINUTES
from lambdas.models.registry import facts_of
from lambdas.planning.advice import recommend_for_run, with_demand
from lambdas.planning.recommendation import Recommendation
from lambdas.planning.request_history import RequestHistory
from lambdas.planning.sizing import Sizing, per_unit_of, sizing_of
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from lambdas.runs.step_rows import clean_row, interval_row, latency_row, requests_row, step_rows
from lambdas.tuning.apply_answer import applied_output, with_running_cost
from lambdas.tuning.image_output import cautions_of, images_row

# Verdicts and limits with a rate from which no inference units follow, and the reason.
NO_ADVICE = {
    "sudden-increase": "{service} refused a sudden increase of requests before the model was brought to its maximum",
    "account-throttled": "The account's quota, not the inference units, limits you, and more of them would not help",
    "unstable": "The measurement is unstable",
}


def findings(
    run: Run,
    steps: Sequence[MeasuredStep],
    measurement: Measurement,
    history: RequestHistory | None = None,
    scaling: ScalingResult | None = None,
    *,
    refused_images: int = 0,
) -> Findings:
    """The findings of the steps: the output without the parts that are known only after the model is released.

    `history` is set if the demand is taken from past requests, and the scaling result if the run had a scaling check.
    The model refused `refused_images` of the run's images.
    """
    cautions = cautions_of(run, refused_images)
    measurement = bounded_by_quota(measurement, run.tps_quota)
    load_failures = sum((counts.failures for counts in counts_of_series(steps, "main")), Counter[str]())
    is_quick = run.mode == "quick"
    verdict = judge(
        measurement,
        quick=is_quick,
        auto_scales_to=run.auto_scales_to,
        failures=load_failures,
        other_traffic=run.other_traffic,
        image_cautions=cautions,
        quota=run.tps_quota,
        client=client_load(counts_of_series(steps, "main")),
        observed_s=observed_s(steps),
        service=facts_of(run.model_arn),
    )
    if verdict.word == "client-limited" and measurement.max_tps:
        measurement = replace(measurement, max_tps=replace(measurement.max_tps, high=None))
    sizing = sizing_of(measurement, verdict.word, run.inference_units)
    per_unit = sizing.per_unit
    no_advice = NO_ADVICE.get(verdict.limited_by or "", NO_ADVICE.get(verdict.word))
    no_advice = no_advice or ("" if per_unit else sizing.missing_rate_reason)
    no_advice = no_advice.format(service=facts_of(run.model_arn).name)
    if per_unit is None or no_advice:
        advice = Recommendation(None, None, (f"{no_advice}: no number of inference units follows",), ())
        planned_with = per_unit
    else:
        more_units = sizing.reduced_rate(scaling.reduced_rate if scaling else None)
        advice = recommend_for_run(run, per_unit, history, more_units)
        advice = replace(advice, reasons=(*advice.reasons, *sizing.reasons, *(scaling.reasons if scaling else ())))
        planned_with = per_unit_of(advice.max_inference_units or 1, per_unit, more_units)
    recommendation = with_demand(_recommendation(advice, sizing), run, planned_with, advice, history)
    reasons = (*recommendation.reasons, *(each[0].upper() + each[1:] for each in cautions))
    traffic, clean_rate = run.other_traffic, measurement.clean_rate
    return Findings(
        run_id=run.run_id,
        model_arn=run.model_arn,
        summary="",  # it says how the model was left, too, so `output` writes it
        start_command=None,
        verdict=verdict.word,
        verdict_detail=verdict.detail,
        limited_by=verdict.limited_by,
        max_tps=interval_row(measurement.max_tps),
        observed_seconds=rounded(observed_s(steps), 0),
        clean_tps=clean_row(clean_rate),
        inference_units=run.inference_units,
        tps_per_inference_unit=rounded(sizing.max_per_unit.estimate, 3) if sizing.max_per_unit else None,
        latency_ms=latency_row(clean_rate.latency if clean_rate else LatencyHistogram()),
        recommendation=replace(recommendation, reasons=reasons),
        steps=step_rows(steps),
        requests=requests_row(steps),
        scaling=scaling.as_output() if scaling else None,
        other_traffic=OtherTraffic(traffic.requests, RECENT_MINUTES, traffic.of_model) if traffic else None,
        account_quota_tps=run.tps_quota.tps if run.tps_quota else None,
        warnings=run.warnings or None,
    )


def skipped(run_id: str, holder: Lease) -> Findings:
    """The output of a run that found the model's lease taken: it has no numbers, and the run touched nothing."""
    empty_findings = Findings(
        run_id=run_id,
        model_arn=holder.model_arn,
        summary="",
        start_command=None,
        verdict="skipped",
        verdict_detail=f"{holder.sentence}: nothing was measured or touched; run again when it has ended.",
        max_tps=interval_row(None),
        observed_seconds=None,
        clean_tps=clean_row(None),
        inference_units=None,
        tps_per_inference_unit=None,
        latency_ms=latency_row(LatencyHistogram()),
        recommendation=_recommendation(Recommendation(None, None, (), ())),
        steps=(),
        requests=requests_row([]),
        held_by=LeaseHolder(holder.run_id, holder.execution_arn, holder.started_at),
    )
    return summarized(empty_findings)


def output(
    run: Run, progress: Progress, run_findings: Findings, receipt: Receipt, *, result_uri: str, report_uri: str
) -> Output:
    """The execution's output: the findings, what they cost, and how the model was left."""
    price = run.usd_per_unit_hour
    applied, applied_detail = applied_output(receipt, price) if run.after_run == "apply" else (None, None)
    units = run_findings.recommendation.units
    command = facts_of(run.model_arn).start_command(run.model_arn, *units) if units and not applied else None
    answer = Output(
        **{**vars(run_findings), "start_command": command},
        cost=CostOutput(
            run_usd=rounded(receipt.usd, 4),
            inference_unit_hours=rounded(receipt.inference_unit_hours, 4),
            price_per_inference_unit_hour_usd=price,
            expected_usd=rounded(run.expected_usd, 4),
        ),
        model=with_running_cost(receipt.as_output(), receipt, price),
        applied=applied,
        applied_detail=applied_detail,
        images=images_row(run, progress),
        result_uri=result_uri,
        report_uri=report_uri,
    )
    return summarized(answer, cautions_of(run, len(progress.refused_images)))


def _recommendation(advice: Recommendation, sizing: Sizing | None = None) -> RecommendationOutput:
    batch = advice.batch
    return RecommendationOutput(
        min_inference_units=advice.min_inference_units,
        max_inference_units=advice.max_inference_units,
        sized_by=sizing.sized_by if sizing and advice.table else None,
        utilization_at_average=rounded(advice.utilization_at_average, 3),
        utilization_at_peak=rounded(advice.utilization_at_peak, 3),
        usd_per_month=rounded(advice.usd_per_month, 2),
        reasons=advice.reasons,
        table=tuple(
            UnitsOutput(
                row.inference_units,
                rounded(row.tps, 2),
                rounded(row.usd_per_hour, 2),
                rounded(row.usd_per_1000_images, 4),
                rounded(row.utilization_at_peak, 3),
                rounded(row.tps_with_one_zone_lost, 2),
            )
            for row in advice.table
        ),
        concurrency_per_inference_unit=sizing.concurrency_per_unit if sizing and advice.table else None,
        batch=BatchOutput(
            batch.inference_units,
            rounded(batch.hours, 3),
            rounded(batch.inference_unit_hours, 3),
            rounded(batch.usd, 2),
        )
        if batch
        else None,
    )
