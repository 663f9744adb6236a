"""Publishes the answer of a run after its model is released: saves the output, writes the files, notifies."""

from __future__ import annotations

import time

from iu_tuner.contract.output.result import Output
from lambdas.aws.settings import settings
from lambdas.images.selection import s3_client
from lambdas.models.lease_store import lease_store
from lambdas.past_runs.store import history
from lambdas.reports.notifications import notify_finished
from lambdas.reports.parameter import with_answer_parameter
from lambdas.reports.publishing import with_page
from lambdas.reports.storage import put_reports, report_uri, result_uri
from lambdas.runs.store import run_store
from lambdas.tuning.output import output


def publish(run_id: str) -> Output:
    """Publish the run. Returns the execution's output with its cost and the model's receipt.

    Raises:
        ModelLost: the answer was applied, but another layer has ended the run meanwhile.
    """
    store, bucket = run_store(run_id), settings().image_bucket
    run, progress = store.load()
    uris = {"result_uri": result_uri(bucket, run.run_id), "report_uri": report_uri(bucket, run.run_id)}
    answer = output(run, progress, store.load_measurement(), store.receipt(), **uris)
    answer = with_answer_parameter(history().with_comparison(run, answer), run.started_at)
    answer = with_page(run, answer, store.steps)
    put_reports(s3_client(), bucket, answer)
    store.publish_output(run, answer)
    history().save(run, answer)
    if run.after_run == "apply":  # if the run fails before this, its model is stopped
        lease_store().release_to_user(run.model_arn, run_id)
    notify_finished(answer, time.time() - run.started_epoch)
    return answer
