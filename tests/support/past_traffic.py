"""Request histories like recorded ones, by the minute from a Monday midnight (UTC) on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from lambdas.planning.request_history import RequestHistory

MONDAY = 1_794_787_200  # 2026-11-16T00:00:00Z
DAY = 1440


def history(
    counts: Sequence[int | None],
    *,
    period_s: int = 60,
    start_s: int = MONDAY,
    throttled: int = 0,
    of_model: bool = True,
    days: int = 14,
) -> RequestHistory:
    return RequestHistory(days, start_s, period_s, tuple(counts), throttled, of_model, in_service_known=True)


def minutes(days: float, count_at: Callable[[int], int | None]) -> list[int | None]:
    """The counts that a function of the minute gives."""
    return [count_at(minute) for minute in range(round(days * DAY))]


def steady(days: float, tps: float = 4.0) -> RequestHistory:
    return history(minutes(days, lambda _: round(60 * tps)))


def office_hours(weeks: int = 2, tps: float = 8.0) -> RequestHistory:
    """Monday to Friday from 8:00 to 18:00, most at 13:00; the model runs at no other time."""

    def count_at(minute: int) -> int | None:
        day, hour = minute // DAY % 7, minute % DAY / 60
        return round(60 * tps * math.sin(math.pi * (hour - 7) / 12)) if day < 5 and 8 <= hour < 18 else None

    return history(minutes(7 * weeks, count_at))


def spikes(days: float = 14, tps: float = 20.0) -> RequestHistory:
    """One request a second, and each hour a minute of many."""
    return history(minutes(days, lambda minute: round(60 * tps) if minute % 60 == 30 else 60))


def weeks_with_gaps() -> RequestHistory:
    """Every Tuesday night, and once on a Saturday; nothing in the second of three weeks."""

    def count_at(minute: int) -> int | None:
        week, day, hour = minute // (7 * DAY), minute // DAY % 7, minute % DAY // 60
        if week == 1:
            return None
        return (
            300
            if (day == 1 and hour >= 22) or (day == 2 and hour < 2) or (week == 2 and minute % (7 * DAY) // 60 == 125)
            else None
        )

    return history(minutes(21, count_at), days=21)


EMPTY = history([])
ONE_MINUTE = history([90])
