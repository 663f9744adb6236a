"""What a simulated model really did, from its own books: the truth on a machine that is busy with other things."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from statistics import fmean
from typing import Any

# From the last look before a start to the start itself, by the same Lambda; on a busy machine.
BEFORE_A_START_S = 15.0
MIN_SECONDS = 6
MAX_GAP_S = 3


def carried_tps(model: Mapping[str, Any], until: float = math.inf) -> float:
    """Answers per second that it gave while it was asked for more: from one refusal to the next, for some seconds.

    `until` leaves out what came later (seconds since the epoch).
    """
    seconds = {int(second): counts for second, counts in model["perSecond"].items() if int(second) < until}
    refusing = [second for second, counts in seconds.items() if counts["throttled"]]
    breaks = [later for earlier, later in pairwise(refusing) if later - earlier > MAX_GAP_S]
    begins, ends = [*refusing[:1], *breaks], [before(refusing, each) for each in breaks] + refusing[-1:]
    # The first second and the last were in part without a refusal.
    stretches = [range(begin + 1, end) for begin, end in zip(begins, ends, strict=True)]
    accepted = [
        seconds.get(second, {"accepted": 0})["accepted"]
        for stretch in stretches
        if len(stretch) >= MIN_SECONDS
        for second in stretch
    ]
    assert accepted, f"it was never asked for more than it carried: {model['perSecond']}"
    return fmean(accepted)


def answers_by_key(books: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """By key in S3: how often the model answered, which is what was paid for, without images that came as bytes."""
    keys = {key: counts for key, counts in books.items() if not re.fullmatch("[0-9a-f]{64}", key)}
    return {key: counts["accepted"] for key, counts in keys.items() if "accepted" in counts}


def before(seconds: list[int], moment: int) -> int:
    """The last of the seconds before the moment."""
    return max(second for second in seconds if second < moment)


def unseen_s(model: Mapping[str, Any], ended_at: float) -> float:
    """How long it was on its way to RUNNING, and after RUNNING on its way to the next start or the end of its run.

    Whoever looks from time to time can't tell this from RUNNING.
    """
    moves = [*model["transitions"], {"at": ended_at, "to": "ENDED"}]
    starting = [next_["at"] - move["at"] for move, next_ in pairwise(moves) if move["to"] == "STARTING"]
    stopping = [
        next(later["at"] for later in moves[index + 1 :] if later["to"] in ("STARTING", "ENDED")) - move["at"]
        for index, move in enumerate(moves)
        if move["to"] == "STOPPING"
    ]
    return sum(starting) + sum(stopping)
