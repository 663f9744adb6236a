"""A run's demand from the past: read by Prepare, kept in the runs table, used by Recommend."""

from __future__ import annotations

import time

from lambdas.aws.settings import settings
from lambdas.aws.table import dynamodb_client
from lambdas.models.registry import usage_of
from lambdas.models.usage import Window
from lambdas.planning.demand import PastDemand
from lambdas.planning.history_store import HistoryItems
from lambdas.planning.request_history import RequestHistory, build_history
from lambdas.runs.run import Run


def keep_history(run: Run) -> None:
    """Read the requests that the run shall plan for, if it is to plan for past ones.

    Raises:
        AccessDenied, InternalError: CloudWatch does not answer.
    """
    if not isinstance(run.wanted, PastDemand):
        return
    window = Window.before(time.time(), run.wanted.days)
    items = HistoryItems(dynamodb_client(), settings().runs_table)
    seen = usage_of(run.model_arn).past(window)
    # The account's series count what this tuner asked any model for.
    own_runs = items.own_runs(window.start_s, run.model_arn if seen.of_model else None)
    items.keep(run.run_id, build_history(window, seen, own_runs))


def kept_history(run: Run) -> RequestHistory | None:
    """What `keep_history` read; None where the demand is another."""
    if not isinstance(run.wanted, PastDemand):
        return None
    return HistoryItems(dynamodb_client(), settings().runs_table).kept(run.run_id)


def save_own_run(run_id: str, model_arn: str, since_s: float, until_s: float) -> None:
    """Keep when a run had its model running: that was no demand."""
    HistoryItems(dynamodb_client(), settings().runs_table).save_own_run(run_id, model_arn, since_s, until_s)
