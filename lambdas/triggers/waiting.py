"""The delay of an upload's message until the next check."""

from __future__ import annotations

import math

# The time of an event is cut to whole seconds, and the clocks of two services may differ by a second. So a run covers
# an upload only if the event's time is this many seconds before the run's start.
CLOCK_MARGIN_S = 2
MAX_WAIT_S = 11 * 3600  # SQS hides a message for at most 12 hours after it was received


def wait_s(due_at: float, now: float, poll_s: int) -> int:
    """Whole seconds until the next check, with `due_at` and `now` in epoch seconds.

    Once the run is due, the delay is `poll_s` seconds or a fifth of the time since then, whichever is longer: a queue
    drops a message after a number of deliveries, so that they must become rarer.
    """
    return min(MAX_WAIT_S, math.ceil(due_at - now if now < due_at else max(poll_s, (now - due_at) / 5)))
