"""Prepare: check the input, find the model, choose the images, estimate the cost. Nothing is started yet."""

from __future__ import annotations

from typing import Any

from lambdas.adapters.execution_input import BatchInput, ExecutionInput, TrafficInput, parse_input
from lambdas.adapters.images import choose_images, s3_client
from lambdas.adapters.logs import logged
from lambdas.adapters.rekognition import RekognitionModel, rekognition_client
from lambdas.adapters.run_store import run_store
from lambdas.adapters.settings import settings
from lambdas.capacity.cost import Budget, Tariff
from lambdas.capacity.model_status import move_to_running
from lambdas.capacity.run import Run


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """`{"input", "runId", "startedAt"}` -> `{"runId"}`; what was settled is kept in the runs table."""
    run = _settle(parse_input(event["input"]), event["runId"], event["startedAt"])
    run_store(run.run_id).create(run)
    return {"runId": run.run_id}


def _settle(wanted: ExecutionInput, run_id: str, started_at: str) -> Run:
    model = RekognitionModel.find(rekognition_client(), wanted.model_arn)
    state = model.look()
    already_runs = move_to_running(state) == "use"
    units = (state.min_inference_units or 1) if already_runs else wanted.test.inference_units
    tariff = Tariff(units, settings().usd_per_unit_hour)
    budget = Budget(wanted.limits.max_minutes, wanted.limits.max_cost_usd)
    expected_usd = budget.check_estimate(wanted.test.mode, tariff)
    bucket = wanted.images.bucket or settings().image_bucket
    chosen = choose_images(s3_client(), bucket, wanted.images.prefix, wanted.images.source)
    return Run(
        run_id=run_id,
        model_arn=model.model_arn,
        project_arn=model.project_arn,
        started_at=started_at,
        status_before=state.status,
        inference_units=units,
        usd_per_unit_hour=tariff.usd_per_unit_hour,
        expected_usd=expected_usd,
        mode=wanted.test.mode,
        start_concurrency=min(wanted.test.start_concurrency, wanted.test.max_concurrency),
        max_concurrency=wanted.test.max_concurrency,
        in_flight_per_worker=wanted.test.in_flight_per_worker,
        max_minutes=budget.max_minutes,
        max_usd=budget.max_usd,
        demand=_settled_demand(wanted.demand),
        bucket=bucket,
        source=wanted.images.source,
        images=chosen.images,
        skipped=chosen.skipped,
        images_found=chosen.found,
        images_skipped=chosen.skipped_total,
    )


def _settled_demand(demand: TrafficInput | BatchInput | None) -> dict[str, float] | None:
    if isinstance(demand, TrafficInput):
        average, peak = demand.average_tps or demand.peak_tps, demand.peak_tps or demand.average_tps
        return {**demand.model_dump(), "average_tps": average, "peak_tps": peak}
    return demand.model_dump() if demand else None
