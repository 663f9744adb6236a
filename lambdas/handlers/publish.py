"""Publish: the answer with its cost and the model's receipt, to bucket, table and caller; then it is told."""

from __future__ import annotations

import time
from typing import Any

from lambdas.adapters.announcements import tell_finished
from lambdas.adapters.answer_parameter import with_answer_parameter
from lambdas.adapters.history import history
from lambdas.adapters.images import s3_client
from lambdas.adapters.leases import lease_book
from lambdas.adapters.logs import logged
from lambdas.adapters.report_page import with_page
from lambdas.adapters.reports import put_reports, report_uri, result_uri
from lambdas.adapters.run_store import run_store
from lambdas.adapters.settings import settings
from lambdas.capacity.result import output


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> the execution's output."""
    store, bucket = run_store(event["runId"]), settings().image_bucket
    run, progress = store.known()
    uris = {"result_uri": result_uri(bucket, run.run_id), "report_uri": report_uri(bucket, run.run_id)}
    answer = output(run, progress, store.findings(), store.receipt(), **uris)
    answer = with_answer_parameter(history().compared(run, answer), run.started_at)
    answer = with_page(run, answer, store.steps)
    put_reports(s3_client(), bucket, answer)
    store.publish(run, answer)
    history().keep(run, answer)
    if run.after_run == "apply":  # a run that fails before this has its model stopped
        lease_book().hand_over(run)
    tell_finished(answer, time.time() - run.started_epoch)
    return answer
