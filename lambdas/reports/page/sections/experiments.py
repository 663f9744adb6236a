"""What a run was asked to measure besides: kinds and sizes of images, and more than one inference unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.reports.page.html.contents import Picture, Table
from lambdas.reports.page.html.formats import count, milliseconds, percent, size, tps

IMAGES_TITLE = "Which images, and which way to send them"
SCALING_TITLE = "Do more inference units carry as much more?"
SOURCES = {"bytes": "sent as bytes", "s3": "named in S3"}


def image_comparison(answer: Mapping[str, Any]) -> tuple[Picture, ...]:
    """A bar with its interval for each way of sending and each size, where that was asked for."""
    found = answer.get("imageComparison")
    if found is None:
        return ()
    named = [(SOURCES.get(row["source"], row["source"]), row) for row in found["sources"]]
    named += [(f"{row['size']} images", row) for row in found["sizes"]]
    missing = "; ".join(f"{row['what']}: {row['why']}" for row in found["notMeasured"])
    rows = tuple(
        (
            name,
            f"{row['images']:,}",
            _sizes(row),
            _rate(row["maxTps"]),
            _range(row["maxTps"]),
            milliseconds(row["p50Ms"]),
            milliseconds(row["p95Ms"]),
        )
        for name, row in named
    )
    columns = ("Which", "Images", "Size", "Requests/s", "95 % interval", "p50 ms", "p95 ms")
    table = Table(
        "compared-images",
        f"Measured at {count(found['concurrency'], 'concurrent request')}",
        columns,
        rows,
        numbers=frozenset(range(1, 7)),
        note=f"Not measured: {missing}" if missing else "",
    )
    shown = [
        _bar(name.rsplit(" ", 1), row["maxTps"]) | {"p50": row["p50Ms"], "p95": row["p95Ms"]}
        for name, row in named
        if row["maxTps"]["estimate"] is not None
    ]
    chart = {"bars": shown} if shown else None
    return (Picture("images", IMAGES_TITLE, found["detail"], chart, tables=(table,)),)


def scaling(answer: Mapping[str, Any]) -> tuple[Picture, ...]:
    """What a second number of inference units carried, beside what it would if capacity grew in step."""
    found = answer.get("scaling")
    if found is None:
        return ()
    if found["maxTps"] is None or found["maxTps"]["estimate"] is None or answer["maxTps"]["estimate"] is None:
        return (Picture("scaling", SCALING_TITLE, found["detail"], None),)
    fewer, more = answer["inferenceUnits"], found["inferenceUnits"]
    rates = [
        (fewer, "measured", answer["maxTps"]),
        (more, "expected", _times(answer["maxTps"], more / fewer)),
        (more, "measured", found["maxTps"]),
    ]
    rows = tuple(
        (f"{count(units, 'inference unit')}, {what}", _rate(rate), _range(rate), tps(rate["estimate"] / units))
        for units, what, rate in rates
    )
    table = Table(
        "scaled-up",
        "Measured rates",
        ("Which", "Requests/s", "95 % interval", "Per unit"),
        rows,
        numbers=frozenset({1, 2, 3}),
        note=f"Expected: each as much as in the first row. {_efficiency(found['efficiency'])}",
    )
    chart = {"bars": [_bar([count(units, "unit"), what], rate) for units, what, rate in rates]}
    return (Picture("scaling", SCALING_TITLE, found["detail"], chart, tables=(table,)),)


def how_units_add_up(answer: Mapping[str, Any]) -> str:
    """What the TPS of several inference units is reckoned from, and whether it was measured."""
    found = answer.get("scaling") or {}
    share = found.get("efficiency")
    if not share:
        return "The bars take for granted that capacity grows in step with the number of units."
    most, measured = count(found["inferenceUnits"], "unit"), percent(share["estimate"])
    if share["high"] is not None and share["high"] < 1:
        return (
            f"The bars of more than {count(answer['inferenceUnits'], 'unit')} count on what each of {most} was "
            f"measured to carry, {measured} of one alone; that this goes on beyond {most} is taken for granted."
        )
    return (
        "The bars take for granted that capacity grows in step with the number of units: this run measured "
        f"{most}, too, and they carried {measured} of that."
    )


def _efficiency(found: Mapping[str, Any] | None) -> str:
    if found is None or found["estimate"] is None:
        return ""
    within = "" if found["high"] is None else f" ({percent(found['low'])} to {percent(found['high'])})"
    return f"Measured was {percent(found['estimate'])} of it{within}."


def _times(rate: Mapping[str, Any], factor: float) -> dict[str, Any]:
    return {end: None if rate[end] is None else factor * rate[end] for end in ("estimate", "low", "high")}


def _bar(label: list[str], rate: Mapping[str, Any]) -> dict[str, Any]:
    return {"label": label, **{end: rate[end] for end in ("estimate", "low", "high")}}


def _sizes(row: Mapping[str, Any]) -> str:
    if "leastBytes" in row:
        return f"{size(row['leastBytes'])} to {size(row['mostBytes'])}"
    return f"{size(row['averageBytes'])} on average"


def _rate(rate: Mapping[str, Any]) -> str:
    return "–" if rate["estimate"] is None else tps(rate["estimate"])


def _range(rate: Mapping[str, Any]) -> str:
    if rate["low"] is None:
        return "–"
    return f"at least {tps(rate['low'])}" if rate["high"] is None else f"{tps(rate['low'])} to {tps(rate['high'])}"
