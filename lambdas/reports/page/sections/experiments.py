"""The extra measurements of a run: ways of sending and sizes of images, and more than one inference unit."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from iu_tuner.contract.output.measured import IntervalOutput, Rate, VariantOutput
from iu_tuner.contract.output.result import Output
from iu_tuner.formats import count, percent, tps
from lambdas.reports.page.html.contents import Picture, Table
from lambdas.reports.page.html.formats import milliseconds, size

IMAGES_TITLE = "Which images, and which way to send them"
SCALING_TITLE = "Do more inference units carry as much more?"
SOURCES = {"bytes": "sent as bytes", "s3": "named in S3"}


def image_comparison(answer: Output) -> tuple[Picture, ...]:
    """A bar with its interval for each way of sending and each size; empty unless the input asks for it."""
    comparison = answer.image_comparison
    if comparison is None:
        return ()
    named_rows = [(SOURCES[row.source] if row.source else "", row) for row in comparison.sources]
    named_rows += [(f"{row.size} images", row) for row in comparison.sizes]
    missing_text = "; ".join(f"{row.what}: {row.why}" for row in comparison.not_measured)
    rows = tuple(
        (
            name,
            f"{row.images:,}",
            _sizes(row),
            _rate(row.max_tps.rate),
            _range(row.max_tps.rate),
            milliseconds(row.p50_ms),
            milliseconds(row.p95_ms),
        )
        for name, row in named_rows
    )
    columns = ("Which", "Images", "Size", "Requests/s", "95 % interval", "p50 ms", "p95 ms")
    table = Table(
        "compared-images",
        f"Measured at {count(comparison.concurrency, 'concurrent request')}",
        columns,
        rows,
        numbers=frozenset(range(1, 7)),
        note=f"Not measured: {missing_text}" if missing_text else "",
    )
    bars = [
        _bar(name.rsplit(" ", 1), rate) | {"p50": row.p50_ms, "p95": row.p95_ms}
        for name, row in named_rows
        if (rate := row.max_tps.rate)
    ]
    chart = {"bars": bars} if len(bars) > 1 else None  # the table has a single rate
    return (Picture("images", IMAGES_TITLE, comparison.detail, chart, tables=(table,)),)


def scaling(answer: Output) -> tuple[Picture, ...]:
    """The rate with a second number of inference units, beside the rate if capacity grew in proportion."""
    result = answer.scaling
    if result is None:
        return ()
    first, second = answer.max_tps.rate, result.max_tps.rate if result.max_tps else None
    units = result.inference_units
    if first is None or second is None or units is None:
        return (Picture("scaling", SCALING_TITLE, result.detail, None),)
    first_units, second_units = answer.inference_units or 1, units
    rates = [
        (first_units, "measured", first),
        (second_units, "expected", _times(first, second_units / first_units)),
        (second_units, "measured", second),
    ]
    rows = tuple(
        (f"{count(units, 'inference unit')}, {what}", _rate(rate), _range(rate), tps(rate.estimate / units))
        for units, what, rate in rates
    )
    table = Table(
        "scaled-up",
        "Measured rates",
        ("Which", "Requests/s", "95 % interval", "Per unit"),
        rows,
        numbers=frozenset({1, 2, 3}),
        note=f"Expected: each as much as in the first row. {_efficiency(result.efficiency)}",
    )
    chart = {"bars": [_bar([count(units, "unit"), what], rate) for units, what, rate in rates]}
    return (Picture("scaling", SCALING_TITLE, result.detail, chart, tables=(table,)),)


def how_units_add_up(answer: Output) -> str:
    """A sentence on how the TPS of several inference units is computed, and whether it was measured."""
    result = answer.scaling
    share = result and result.efficiency and result.efficiency.rate
    if not result or not share:
        return "The numbers take for granted that capacity grows in step with the number of units."
    units_text, share_text = count(result.inference_units or 0, "unit"), percent(share.estimate)
    if share.high is not None and share.high < 1:
        return (
            f"The numbers of more than {count(answer.inference_units or 1, 'unit')} count on what each of {units_text}"
            f" was measured to carry, {share_text} of one alone; that this goes on beyond {units_text} is taken for"
            " granted."
        )
    return (
        "The numbers take for granted that capacity grows in step with the number of units: this run measured "
        f"{units_text}, too, and they carried {share_text} of that."
    )


def _efficiency(efficiency: IntervalOutput | None) -> str:
    share = efficiency and efficiency.rate
    if not share:
        return ""
    interval_text = "" if share.high is None else f" ({percent(share.low)} to {percent(share.high)})"
    return f"Measured was {percent(share.estimate)} of it{interval_text}."


def _times(rate: Rate, factor: float) -> Rate:
    return Rate(factor * rate.estimate, factor * rate.low, None if rate.high is None else factor * rate.high)


def _bar(label: list[str], rate: Rate) -> dict[str, Any]:
    return {"label": label, **asdict(rate)}


def _sizes(row: VariantOutput) -> str:
    if row.least_bytes is not None and row.most_bytes is not None:
        return f"{size(row.least_bytes)} to {size(row.most_bytes)}"
    return f"{size(row.average_bytes)} on average"


def _rate(rate: Rate | None) -> str:
    return "–" if rate is None else tps(rate.estimate)


def _range(rate: Rate | None) -> str:
    if rate is None:
        return "–"
    return f"at least {tps(rate.low)}" if rate.high is None else f"{tps(rate.low)} to {tps(rate.high)}"
