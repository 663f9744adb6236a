"""Checks expressions of EventBridge Scheduler before the deployment."""

import re
from datetime import datetime

TAKES = (
    "cron(minutes hours day-of-month month day-of-week year) with ? for one of the two days, like "
    "cron(0 6 ? * MON *); or rate(7 days); or at(2027-01-31T06:00:00)"
)

_RATE = re.compile(r"rate\([1-9]\d* (minute|hour|day)s?\)", re.ASCII)
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", re.ASCII)
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", re.ASCII)
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# For each field: minimum, maximum, names of the numbers from the minimum on, and a pattern of other values.
_FIELDS: tuple[tuple[int, int, list[str], str], ...] = (
    (0, 59, [], r"\*"),
    (0, 23, [], r"\*"),
    (1, 31, [], r"[*L]|LW|\d{1,2}W"),
    (1, 12, _MONTHS, r"\*"),
    (1, 7, _DAYS, r"[*L]|[1-7]L|([1-7]|[A-Z]{3})#[1-5]"),
    (1970, 2199, [], r"\*"),
)


def is_schedule_expression(expression: str) -> bool:
    """Whether EventBridge Scheduler accepts the expression; some impossible dates (31 February) pass."""
    if cron := _CRON.fullmatch(expression):
        fields = cron.groups()
        # Exactly one of the two fields for days must be `?`, and no other field.
        if fields.count("?") != 1 or "?" not in (fields[2], fields[4]):
            return False
        return all(
            field == "?" or all(_is_part(part, *takes) for part in field.upper().split(","))
            for field, takes in zip(fields, _FIELDS, strict=True)
        )
    if at := _AT.fullmatch(expression):
        return _is_moment(at[1])
    return _RATE.fullmatch(expression) is not None


def _is_part(part: str, low: int, high: int, names: list[str], other: str) -> bool:
    """Whether this is a part of a field: `*`, `5`, `MON`, `MON-FRI`, `0/15`, or a match of `other`."""
    start, slash, step = part.partition("/")
    if slash and not re.fullmatch(r"[1-9]\d*", step, re.ASCII):
        return False
    if re.fullmatch(other, start):
        return not slash or start == "*"
    numbers = {name: low + index for index, name in enumerate(names)}
    ends = [numbers.get(end, int(end) if re.fullmatch(r"\d+", end, re.ASCII) else -1) for end in start.split("-")]
    return len(ends) <= 2 and all(low <= end <= high for end in ends)


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
