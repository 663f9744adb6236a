"""A run's past demand: Prepare reads it from CloudWatch and saves it, Recommend loads it."""

from __future__ import annotations

import time

from lambdas.aws.settings import settings
from lambdas.aws.table import dynamodb_client
from lambdas.models.registry import usage_of
from lambdas.models.usage import Window
from lambdas.planning.demand import PastDemand, PlannedRun
from lambdas.planning.history_store import HistoryItems
from lambdas.planning.request_history import RequestHistory, build_history


def save_history(run: PlannedRun) -> None:
    """Read the past requests that the run plans for, and save them, if it plans for past ones.

    Raises:
        AccessDenied, InternalError: CloudWatch does not answer.
    """
    if not isinstance(run.demand, PastDemand):
        return
    window = Window.before(time.time(), run.demand.days)
    items = HistoryItems(dynamodb_client(), settings().runs_table)
    usage = usage_of(run.model_arn).past_requests(window)
    # The account's series count what this tuner asked any model for.
    own_runs = items.own_runs(window.start_s, run.model_arn if usage.of_model else None)
    items.save(run.run_id, build_history(window, usage, own_runs))


def saved_history(run: PlannedRun) -> RequestHistory | None:
    """The history that `save_history` saved. Returns None if the run has another demand."""
    if not isinstance(run.demand, PastDemand):
        return None
    return HistoryItems(dynamodb_client(), settings().runs_table).load(run.run_id)


def save_own_run(run_id: str, model_arn: str, since_s: float, until_s: float) -> None:
    """Save when a run had its model running, as its load is no demand."""
    HistoryItems(dynamodb_client(), settings().runs_table).save_own_run(run_id, model_arn, since_s, until_s)
