"""Makes and saves a run's page. An error here is logged and counted, and never fails the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.output.result import Output
from iu_tuner.contract.uploads.serve_output import ServeOutput
from lambdas.aws.clients import client
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.aws.versions import versions
from lambdas.load.measured_step import MeasuredStep
from lambdas.planning.cloudwatch_demand import saved_history
from lambdas.reports import metrics
from lambdas.reports.page.build import contents
from lambdas.reports.page.html.contents import Contents
from lambdas.reports.page.render import page
from lambdas.reports.page.sections.failed_run import failure_contents
from lambdas.reports.storage import put_page, report_uri
from lambdas.runs.failed_run import FailedRun
from lambdas.runs.run import Run
from lambdas.runs.store import run_store

ImagesOutput = TypeVar("ImagesOutput", BatchOutput, ServeOutput)


def page_client() -> Any:
    """An S3 client with timeouts of seconds, since the notifications of the run come after it."""
    return client("s3", attempts=2, connect_s=3, read_s=5)


def with_page(run: Run, answer: Output, steps: Callable[[], Sequence[MeasuredStep]]) -> Output:
    """Saves the page. If that fails, the output has `reportUri` null, and `reportDetail` says why."""
    try:
        html = page(contents(run, steps(), answer, versions(), saved_history(run)))
        put_page(page_client(), settings().image_bucket, run.run_id, html)
    except Exception as error:  # noqa: BLE001 - a missing page must not fail a run that has its answer
        return replace(answer, report_uri=None, report_detail=_count_missing_page(error))
    return answer


def with_images_page(answer: ImagesOutput, contents_of: Callable[[Mapping[str, str]], Contents]) -> ImagesOutput:
    """Saves the page of a batch or of a run for uploads; `contents_of` makes its contents from the versions.

    If that fails, the output has `reportUri` null, and a warning says why.
    """
    bucket = settings().image_bucket
    try:
        put_page(page_client(), bucket, answer.run_id, page(contents_of(versions())))
    except Exception as error:  # noqa: BLE001 - a missing page must not fail a run that has its results
        return replace(answer, report_uri=None, warnings=(*(answer.warnings or ()), _count_missing_page(error)))
    return replace(answer, report_uri=report_uri(bucket, answer.run_id))


def put_failure_page(run_id: str, model_arn: str | None, error: str, cause: str) -> str | None:
    """Save the page of a run without an answer. Returns its URI, or None if it could not be made or saved."""
    try:
        bucket, store = settings().image_bucket, run_store(run_id)
        run_and_progress, receipt = store.measurement_or_none(), None
        with suppress(KeyError):
            receipt = store.receipt()
        failed = FailedRun(run_id, model_arn, error, cause, receipt, is_settled=error != "ModelStopFailed")
        run, steps = (run_and_progress[0], store.steps()) if run_and_progress else (None, [])
        html = page(failure_contents(failed, run, steps, versions()))
        put_page(page_client(), bucket, run_id, html)
    except Exception as problem:  # noqa: BLE001 - this must not hide the run's own error
        _count_missing_page(problem)
        return None
    return report_uri(bucket, run_id)


def _count_missing_page(error: Exception) -> str:
    logger.exception("the report's page could not be made, or not kept")
    metrics.count_failed_reports()
    return f"The report's page could not be made, or not kept: {type(error).__name__}: {error}"
