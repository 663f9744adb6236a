"""A run for uploads: what PrepareServe decided, and what its looks found out. Both are in the run's item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from iu_tuner.contract.names import RUN_ITEM, SERVED_RUN_PREFIX, run_pk
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.uploads.live_serve import LiveServe
from iu_tuner.contract.uploads.serve_output import ServeOutput
from iu_tuner.formats import rounded
from lambdas.aws.settings import settings
from lambdas.aws.table import COUNTS_KEPT_S, Json, Partition, as_json, dynamodb_client
from lambdas.inference.serve.idle import Quiet
from lambdas.runs.model_run import ModelRun
from lambdas.runs.progress import Progress
from lambdas.runs.store import RunStore, run_store

TASK = "serve"


@dataclass(frozen=True, kw_only=True)
class ServeRun(ModelRun):
    """A run for uploads. `queues` are all queues of the model, as (URL, ARN).

    `done_before` and `failed_before` are the model's numbers of images when the run began, `failures_before` those of
    failed ones by error.
    """

    prefix: str
    queues: tuple[tuple[str, str], ...]
    idle_s: float
    done_before: int
    failed_before: int
    failures_before: Mapping[str, int] = field(default_factory=dict)

    def live(self, state: ServeState | None = None, usd: float | None = None, now: float | None = None) -> LiveServe:
        """The run as clients show it: after PrepareServe, or after a look at the time `now`."""
        return LiveServe(
            queue_urls=tuple(url for url, _ in self.queues),
            idle_s=self.idle_s,
            inference_units=self.inference_units,
            usd_per_unit_hour=self.usd_per_unit_hour,
            done_before=self.done_before,
            failed_before=self.failed_before,
            waiting=state.waiting if state else None,
            opened_at=state.opened_at if state else None,
            idle_since=state.quiet.since if state and state.quiet else None,
            usd=usd,
            usd_at=now,
        )


@dataclass(frozen=True)
class ServeState:
    """What a run has found out. Times are in epoch seconds.

    `opened_at` is when the model was first seen to run, `closing_at` when the gates were closed for good; `waiting` is
    the number of messages at the last look. `limit` names the limit that ended it. `points` are (seconds since
    `opened_at`, images with a result until then).
    """

    quiet: Quiet | None = None
    opened_at: float | None = None
    closing_at: float | None = None
    waiting: int = 0
    limit: str | None = None
    points: tuple[tuple[float, int], ...] = ()

    def with_results(self, done: int, active_at: float | None) -> ServeState:
        """The state with one more point, if there are more results; the last of them came at `active_at`."""
        if self.opened_at is None or active_at is None or done <= (self.points[-1][1] if self.points else 0):
            return self
        return replace(self, points=(*self.points, (rounded(max(0.0, active_at - self.opened_at), 1), done)))


_RUN, _STATE = Json(ServeRun), Json(ServeState)


class ServeStore:
    """The items of one run for uploads. The attributes that all runs have are those of `RunStore`."""

    def __init__(self, client: Any, table: str, run_id: str) -> None:
        self._items = Partition(client, table, run_pk(run_id), kept_s=COUNTS_KEPT_S)
        self.of_run: RunStore = run_store(run_id)

    def create(self, run: ServeRun) -> None:
        """Save the plan of a run."""
        values = {"plan": _RUN.text(run), "modelArn": run.model_arn, "task": TASK, "phase": "starting"}
        self._items.update(RUN_ITEM, {**values, "liveServe": as_json(to_json(run.live()))})

    def load(self) -> tuple[ServeRun, Progress, ServeState]:
        """The run. Raises KeyError if there is none."""
        run, progress = self.of_run.load_plan(_RUN)
        return run, progress, _STATE.read(self._items.get(RUN_ITEM).get("serveState", "{}"))

    def save_state(self, state: ServeState, live: LiveServe, *, phase: str) -> None:
        """Save the state, the progress that clients show, and the phase."""
        values = {"serveState": _STATE.text(state), "liveServe": as_json(to_json(live)), "phase": phase}
        self._items.update(RUN_ITEM, values)

    def publish(self, run: ServeRun, output: ServeOutput) -> None:
        """Save the output among the model's runs for uploads, apart from those that past measurements are sought in."""
        self.of_run.publish_output(run, output, name="serveOutput", sk=SERVED_RUN_PREFIX, task=TASK)


def serve_store(run_id: str) -> ServeStore:
    """The store of a run for uploads in this stack's table."""
    return ServeStore(dynamodb_client(), settings().runs_table, run_id)
