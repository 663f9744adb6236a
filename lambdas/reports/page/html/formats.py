"""Formats numbers and times for readers."""

from __future__ import annotations


def input_number(value: float) -> str:
    """A number of the input, formatted about as the user wrote it."""
    return f"{value:,.2f}".rstrip("0").rstrip(".") if value >= 0.01 else f"{value:.2g}"


def usd(value: float | None) -> str:
    """Money in USD to the cent; a dash for None."""
    return "–" if value is None else f"${value:,.2f}"


def usd_finely(value: float) -> str:
    """The price of 1,000 images in USD; below $0.10 with two significant digits."""
    return f"${value:,.2f}" if value >= 0.1 else f"${value:.2g}"


def clock(seconds: float) -> str:
    """Seconds since the first request as minutes and seconds: `1:05`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def moment(iso: str) -> str:
    """An ISO 8601 time in UTC to the minute: `2026-11-21 06:00 UTC`."""
    return f"{iso[:10]} {iso[11:16]} UTC"


def size(size_bytes: int) -> str:
    """The size of an image in kB or MB."""
    return f"{size_bytes / 1e6:,.2f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:,.1f} kB"


def milliseconds(value: float | None) -> str:
    """A latency in milliseconds; a dash for None."""
    return "–" if value is None else f"{value:,.0f}"


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def day(iso: str) -> str:
    """The day of an ISO 8601 time: `21 November 2026`."""
    return f"{int(iso[8:10])} {MONTHS[int(iso[5:7]) - 1]} {iso[:4]}"


def day_of_week(short: str) -> str:
    """`MON` -> `Monday`; any other text stays unchanged."""
    return next((name for name in DAYS if name.upper().startswith(short)), short)
