"""A run's demand from the past: read by Prepare, kept in the runs table, used by Recommend."""

from __future__ import annotations

import time

from lambdas.adapters.history_items import HistoryItems
from lambdas.adapters.rekognition import RekognitionModel
from lambdas.adapters.request_metrics import past_requests
from lambdas.adapters.run_store import dynamodb_client
from lambdas.adapters.settings import settings
from lambdas.adapters.traffic import cloudwatch_client
from lambdas.capacity.demand import PastDemand
from lambdas.capacity.request_history import RequestHistory, Window, history_of
from lambdas.capacity.run import Run


def keep_history(run: Run, model: RekognitionModel) -> None:
    """Read the requests that the run shall plan for, if it is to plan for past ones.

    Raises:
        AccessDenied, InternalError: CloudWatch does not answer.
    """
    if not isinstance(run.wanted, PastDemand):
        return
    window = Window.before(time.time(), run.wanted.days)
    items = HistoryItems(dynamodb_client(), settings().runs_table)
    seen = past_requests(cloudwatch_client(), model.project, model.version, window)
    # The account's series count what this tuner asked any model for.
    own_runs = items.own_runs(window.start_s, run.model_arn if seen.of_model else None)
    items.keep(run.run_id, history_of(window, seen, own_runs))


def kept_history(run: Run) -> RequestHistory | None:
    """What `keep_history` read; None where the demand is another."""
    if not isinstance(run.wanted, PastDemand):
        return None
    return HistoryItems(dynamodb_client(), settings().runs_table).kept(run.run_id)


def note_load(run_id: str, model_arn: str, since_s: float, until_s: float) -> None:
    """Keep when a run had its model running: that was no demand."""
    HistoryItems(dynamodb_client(), settings().runs_table).note_load(run_id, model_arn, since_s, until_s)
