"""Times in which a simulated model has another capacity, as in `300:900:0.5`."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple


class Outage(NamedTuple):
    """From `from_s` to `to_s` (seconds since the model is RUNNING), the capacity is multiplied by `share`."""

    from_s: float
    to_s: float
    share: float


def outages_of(text: str | None) -> tuple[Outage, ...]:
    """Read outages such as `300:900:0.5,1200::2`; one without an end lasts for good. Raises ValueError."""
    return tuple(_outage(part) for part in text.split(",")) if text else ()


def _outage(text: str) -> Outage:
    try:
        from_s, to_s, share = text.split(":")
        outage = Outage(float(from_s), float(to_s or "inf"), float(share))
    except ValueError:
        outage = Outage(0, 0, 0)
    if not (0 <= outage.from_s < outage.to_s and 0.001 <= outage.share <= 100):
        raise ValueError(f"got {text!r}, takes FROM:TO:SHARE in seconds, with a share from 0.001 to 100")
    return outage


def share_at(outages: tuple[Outage, ...], running_s: float) -> float:
    """The share of the capacity that there is, so many seconds after RUNNING."""
    return math.prod(each.share for each in outages if each.from_s <= running_s < each.to_s)


def mean_share(outages: tuple[Outage, ...], from_s: float, to_s: float) -> float:
    """The mean share of the capacity between two times in seconds after RUNNING."""
    moments = sorted({from_s, to_s, *(at for each in outages for at in each[:2] if from_s < at < to_s)})
    parts = pairwise(moments)
    return sum((end - start) * share_at(outages, start) for start, end in parts) / (to_s - from_s)
