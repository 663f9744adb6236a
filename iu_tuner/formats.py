"""Formats numbers, times and text from outside, for files and sentences: one way for each."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import overload

_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode categories: controls, direction marks, surrogates, separators


@overload
def rounded(value: float, digits: int) -> float: ...
@overload
def rounded(value: float | None, digits: int) -> float | None: ...
def rounded(value: float | None, digits: int) -> float | None:
    """The number as the output shows it; None stays None."""
    if value is None:
        return None
    return round(value, digits) if digits else round(value)


def iso(moment: float | None, *, to: str = "milliseconds") -> str | None:
    """Seconds since the epoch as ISO 8601 in UTC; None stays None."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec=to).replace("+00:00", "Z")


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 step`, `3 steps`, `1,200 steps`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float) -> str:
    """A share (0 to 1) in percent with at most four significant digits: `12.5 %`."""
    return f"{100 * share:.4g} %"


def duration(seconds: float) -> str:
    """A time span in its two largest units."""
    whole_seconds = round(seconds)
    if whole_seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole_seconds} s"
    minutes, remainder = divmod(whole_seconds, 60)
    if minutes < 60:
        return f"{minutes} min {remainder} s" if remainder else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def tps(value: float) -> str:
    """A rate without its unit: `5.00`, `1,234.5`."""
    return f"{value:,.2f}" if value < 100 else f"{value:,.1f}"


def requests_per_second(value: float) -> str:
    """A rate in a sentence: `5.00 requests/s`."""
    return f"{tps(value)} requests/s"


def one_line(text: str, replacement: str = " ") -> str:
    """The text with `replacement` in place of line breaks, invisible characters and direction marks."""
    return "".join(replacement if unicodedata.category(each) in _INVISIBLE else each for each in text)
