"""Decides what comes after a round of workers: another round, more inference units, or the end. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from iu_tuner.contract.errors import InternalError, TooManyFailures
from iu_tuner.formats import count
from lambdas.batch.unit_capacity import EXPECTED_STOP_S
from lambdas.runs.budget import Remaining

# A round's workers run as Express workflows, which AWS ends after 5 minutes; the rest is for start, drain and flush.
MAX_ROUND_S = 240.0
SHORT_ROUND_S = 60.0  # of a model that auto-scales, whose units are read between rounds, or that is being measured
MIN_ROUND_S = 5.0  # less is not worth the start of a worker
RESERVE_S = 30.0  # of a limit of time or money, for the replies on their way and for the request to stop the model
# A worker of 768 MB has CPU for that with a file each (bench.wire.image_work). Workers are few, as each cold start is
# time without images, and one clock keeps a pace better than several: a worker that learns of lost capacity from
# another one has sent what it had reserved. Nor can several count the requests in flight of a model that limits them.
# A round whose only worker dies is over at once; after a round without a result there is one more worker.
IMAGES_PER_SECOND_PER_WORKER = 60.0
MAX_IDLE_ROUNDS = 3
RESTART_S = 1200.0 + EXPECTED_STOP_S  # without images when the units change: AWS documents up to 20 minutes for a start


@dataclass(frozen=True)
class BatchProgress:
    """The number of images by what became of them, and the number of shards that no worker has finished.

    `idle_rounds` is the number of the last rounds in which no image was finished; `rounds_with_units` the number of
    rounds since the model was started with its present units.
    """

    listed: int
    current: int
    done: int
    failed: int
    shards_waiting: int
    idle_rounds: int = 0
    rounds_with_units: int = 1

    @property
    def remaining(self) -> int:
        """Images without an outcome."""
        return self.listed - self.current - self.done - self.failed


@dataclass(frozen=True)
class PaceNow:
    """The rate of the whole model in images/s, the requests in flight if the model limits them, and its units."""

    tps: float
    cap: int | None
    inference_units: int


@dataclass(frozen=True)
class Terms:
    """The deadline (epoch seconds), the limits that are left, and what the run may use.

    `max_units` is the number of inference units that the run may change to; None if the input fixes the units.
    """

    remaining: Remaining
    max_failed_percent: float
    max_workers: int
    deadline_at: float | None = None
    max_units: int | None = None
    max_round_s: float = MAX_ROUND_S


@dataclass(frozen=True)
class Round:
    """So many workers, which share the model's pace and send until `until` (epoch seconds)."""

    workers: int
    until: float


@dataclass(frozen=True)
class ChangeUnits:
    """The model is to be restarted with this number of inference units, as the deadline would be missed otherwise."""

    inference_units: int
    reason: str


@dataclass(frozen=True)
class Finish:
    """The batch ends. `left_because` says why images are left; None if all have an outcome."""

    left_because: str | None = None


def next_round(progress: BatchProgress, pace: PaceNow, terms: Terms, now: float) -> Round | ChangeUnits | Finish:
    """What comes next at the time `now` (epoch seconds), after the last round has ended.

    Raises:
        TooManyFailures: more images failed than the limit allows. InternalError: no worker finishes anything.
    """
    check_failures(progress.failed, progress.listed, terms.max_failed_percent)
    if progress.remaining == 0:
        return Finish()
    if progress.idle_rounds >= MAX_IDLE_ROUNDS:
        raise InternalError(
            f"the workers of {MAX_IDLE_ROUNDS} rounds finished none of {progress.remaining:,} images - look at the"
            " logs of the function ProcessImages"
        )
    seconds = min(terms.max_round_s, terms.remaining.seconds - RESERVE_S)
    if seconds < MIN_ROUND_S:
        return Finish(f"{terms.remaining.limit} is reached; {count(progress.remaining, 'image')} left")
    units = _units_for_deadline(progress, pace, terms, now)
    if units is not None:
        return ChangeUnits(units, f"{pace.inference_units} would miss the deadline, {units} meet it with the restart")
    return Round(_workers(progress, pace, terms.max_workers), now + seconds)


def check_failures(failed: int, listed: int, max_percent: float) -> None:
    """Require that not too many images failed. Raises TooManyFailures."""
    if failed * 100 > max_percent * listed:
        raise TooManyFailures(
            f"{failed:,} of {count(listed, 'image')} failed, more than limits.maxFailedPercent ="
            f" {max_percent:g} - look at failed.jsonl, mend or leave out those images, and run again with resume"
        )


def _workers(progress: BatchProgress, pace: PaceNow, max_workers: int) -> int:
    """The number of workers: enough for the rate, at most one for each shard and for each request in flight."""
    workers_for_rate = math.ceil(pace.tps / IMAGES_PER_SECOND_PER_WORKER)
    if pace.cap is not None:
        workers_for_rate = min(workers_for_rate, pace.cap)
    return max(1, min(workers_for_rate + progress.idle_rounds, progress.shards_waiting, max_workers))


def _units_for_deadline(progress: BatchProgress, pace: PaceNow, terms: Terms, now: float) -> int | None:
    """The lowest number of units that meets a deadline which the present units miss, in spite of the restart."""
    if terms.deadline_at is None or terms.max_units is None or not progress.rounds_with_units or pace.tps <= 0:
        return None
    if now + progress.remaining / pace.tps <= terms.deadline_at:
        return None
    tps_per_unit = pace.tps / pace.inference_units
    for units in range(pace.inference_units + 1, terms.max_units + 1):
        busy_s = progress.remaining / (tps_per_unit * units)
        # Money is left for so many seconds with the present units, which cost less.
        affordable_s = terms.remaining.seconds * pace.inference_units / units
        if now + RESTART_S + busy_s + EXPECTED_STOP_S <= terms.deadline_at and busy_s <= affordable_s:
            return units
    return None
