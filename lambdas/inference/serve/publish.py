"""PublishServe: the output of a run for uploads, once its model is released."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from iu_tuner.contract.output.result import ModelOutput
from iu_tuner.contract.uploads.serve_output import FailedImages, ServeCost, ServedImages, ServeOutput, ServeVerdict
from iu_tuner.formats import count, rounded
from lambdas.aws.settings import settings
from lambdas.inference.serve.run import ServeRun, ServeState, serve_store
from lambdas.inference.waves.activity import Activity, activity_of
from lambdas.inference.waves.failures import failures_of
from lambdas.processing.pace_store import pace_store
from lambdas.reports.notifications import notify_served
from lambdas.reports.page.uploads import ServeFacts, serve_contents
from lambdas.reports.publishing import page_client, with_images_page
from lambdas.reports.storage import put_result


def publish_serve(run_id: str) -> ServeOutput:
    """Publish the run. Returns the execution's output, with its cost and the model's receipt.

    Raises:
        ClientError: S3 or the table fails.
    """
    store = serve_store(run_id)
    run, progress, state = store.load()
    units = progress.inference_units or run.inference_units
    activity = activity_of(run.model_arn)
    failures = _new_failures(run, failures_of(run.model_arn))
    output = serve_output(run, state, units, activity, failures, store.of_run.receipt().as_output())
    state = state.with_results(output.images.done, activity.active_at)
    output = with_images_page(output, lambda software: serve_contents(output, _facts(run, state), software))
    put_result(page_client(), settings().image_bucket, output)
    store.publish(run, output)
    notify_served(output, time.time() - run.started_epoch)
    return output


def _facts(run: ServeRun, state: ServeState) -> ServeFacts:
    """What the page shows beside the output."""
    pace = pace_store(run.model_arn, "live").load()
    limits = {"limits.maxMinutes": run.max_minutes, "limits.maxCostUsd": run.max_usd}
    terms = {"prefix": run.prefix, "idleStopMinutes": run.idle_s / 60, **limits}
    return ServeFacts(run.started_at, ((0.0, 0), *state.points), pace.expected if pace else None, terms)


def _new_failures(run: ServeRun, failures: Iterable[FailedImages]) -> tuple[FailedImages, ...]:
    """The failures of the run, of all those of its model."""
    own_failures = (
        replace(failure, images=failure.images - run.failures_before.get(failure.error, 0)) for failure in failures
    )
    return tuple(
        sorted(
            (failure for failure in own_failures if failure.images > 0),
            key=lambda failure: (-failure.images, failure.error),
        )
    )


def serve_output(
    run: ServeRun,
    state: ServeState,
    units: int,
    activity: Activity,
    failures: tuple[FailedImages, ...],
    receipt: ModelOutput,
) -> ServeOutput:
    """The output of a run whose model is released. Pure."""
    done, failed = activity.images_done - run.done_before, activity.images_failed - run.failed_before
    busy_s = (activity.active_at or 0.0) - (state.opened_at or 0.0)
    usd = receipt.usd or 0.0
    verdict: ServeVerdict = "served" if state.limit is None else "limit-reached"
    left_text = f"; {count(state.waiting, 'upload')} left for the next start" if state.waiting else ""
    reason = f"No upload came for {run.idle_s / 60:g} minutes" if state.limit is None else f"{state.limit} is reached"
    return ServeOutput(
        run_id=run.run_id,
        model_arn=run.model_arn,
        prefix=run.prefix,
        verdict=verdict,
        verdict_detail=f"{reason}, so the model was released{left_text}.",
        images=ServedImages(done, failed, state.waiting),
        failures=failures,
        tps=rounded(done / busy_s, 2) if done and busy_s > 0 else None,
        inference_units=units,
        model=receipt,
        cost=ServeCost(rounded(usd, 4), rounded(1000 * usd / done, 4) if done else None),
    )
