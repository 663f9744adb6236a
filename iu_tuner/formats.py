"""How times and numbers are written: one way for each."""

from __future__ import annotations

from datetime import UTC, datetime


def rounded(value: float | None, digits: int) -> float | None:
    """As the output shows a number; None stays None."""
    if value is None:
        return None
    return round(value, digits) if digits else round(value)


def iso(moment: float | None) -> str | None:
    """Seconds since the epoch as ISO 8601 in UTC."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
