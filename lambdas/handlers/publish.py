"""Publish: the answer with its cost and the model's receipt, to the bucket, the table and the caller."""

from __future__ import annotations

from typing import Any

from lambdas.adapters.answer_parameter import with_answer_parameter
from lambdas.adapters.history import history
from lambdas.adapters.images import s3_client
from lambdas.adapters.leases import lease_book
from lambdas.adapters.logs import logged
from lambdas.adapters.reports import put_reports, result_uri
from lambdas.adapters.run_store import run_store
from lambdas.adapters.settings import settings
from lambdas.capacity.result import output


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> the execution's output."""
    store, bucket = run_store(event["runId"]), settings().image_bucket
    run, progress = store.known()
    uri = result_uri(bucket, run.run_id)
    answer = output(run, progress, store.findings(), store.receipt(), report_uri=uri)
    answer = with_answer_parameter(history().compared(run, answer), run.started_at)
    put_reports(s3_client(), bucket, answer)
    store.publish(run, answer)
    history().keep(run, answer)
    if run.after_run == "apply":  # last: a run that fails before this has its model stopped
        lease_book().hand_over(run)
    return answer
