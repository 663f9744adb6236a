"""How long an upload waits until its run may start."""

from __future__ import annotations

import math

# An event's time is cut to whole seconds, and the clocks of two services may be a second apart.
# So a run covers an upload only if the event's time is this many seconds before the run's start.
CLOCK_MARGIN_S = 2
MAX_WAIT_S = 11 * 3600  # SQS hides a message for at most 12 hours after it was received


def wait_s(due: float, now: float, poll_s: int) -> int:
    """Whole seconds until the next look, with `due` and `now` in epoch seconds.

    Once the run is due, the pause is `poll_s`, and later a fifth of the time that has passed since then: a queue
    counts how often it hands a message out, and gives it up after so many times.
    """
    return min(MAX_WAIT_S, math.ceil(due - now if now < due else max(poll_s, (now - due) / 5)))
