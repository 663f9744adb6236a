"""When a model that runs for uploads is no longer needed, and when to look again. Pure. Times are in seconds.

The counters of SQS are approximate: AWS documents that they may need a minute. Each of them may be late by another
time, so that a message which AnalyseUploads receives at this moment can be in none. Such a message leaves a trace: the
batch that it is in is counted when it ends, half a minute later at most. So a model is idle if several looks in a row
found all counters at zero and no new batch. With a look each 30 seconds they take a minute.
"""

from __future__ import annotations

from dataclasses import dataclass

EMPTY_LOOKS = 3  # in a row
ROUNDING_S = 1.0  # a pause has whole seconds
MAX_POLLS = 10  # until the next look, while nothing can be decided
# Seconds of a run for each second between two looks: a look adds nine events to the execution's history, which AWS
# limits to 25,000. A run of a day has about 860 looks.
RUN_S_PER_WAIT_S = 250.0


@dataclass(frozen=True)
class Look:
    """One look at the queues. `messages` are those that are visible, in flight or delayed.

    `batches` is the number of batches that AnalyseUploads has ever worked on for this model, and `active_at` the end
    of the last one (epoch seconds); None before the first.
    """

    now: float
    messages: int
    batches: int
    active_at: float | None = None


@dataclass(frozen=True)
class Quiet:
    """Since when nothing was to do (epoch seconds), and the number of looks in a row that saw nothing."""

    since: float
    batches: int
    empty_looks: int = 0

    def after(self, look: Look) -> Quiet:
        """The state after one more look."""
        if look.messages:
            return Quiet(look.now, look.batches)
        if look.batches != self.batches:  # since the last look, which may be long ago
            return Quiet(max(self.since, look.active_at or look.now), look.batches)
        return Quiet(self.since, self.batches, self.empty_looks + 1)

    def is_idle(self, idle_s: float, now: float) -> bool:
        """Whether nothing was to do for `idle_s`, as far as the counters can tell."""
        return self.empty_looks >= EMPTY_LOOKS and now - self.since >= idle_s - ROUNDING_S


@dataclass(frozen=True)
class Pause:
    """`poll_s` are the seconds between two looks, `idle_s` those after which the model is stopped."""

    poll_s: float
    idle_s: float

    def until_next(self, quiet: Quiet, now: float, started_at: float) -> int:
        """Whole seconds until the next look. The looks that decide are close together, the ones before may be rare."""
        wait_s = max(self.poll_s, (now - started_at) / RUN_S_PER_WAIT_S)
        wait_before_last_s = quiet.since + self.idle_s - now - (EMPTY_LOOKS - 1) * wait_s
        return max(1, round(max(wait_s, min(MAX_POLLS * self.poll_s, wait_before_last_s))))
