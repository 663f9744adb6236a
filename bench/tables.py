"""Results as Markdown tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median

from bench.result import Result
from simulation.service import Service


def by_service(services: Iterable[Service], results: Sequence[Result]) -> str:
    """One row per service, as Markdown."""
    header = (
        "service",
        "error % median / p95",
        "bias %",
        "interval +-% / covers %",
        "load / wall s",
        "requests",
        "clean rate / throttles > 1 %",
        "verdicts",
        "Locust rules: error % median / p95",
        "bias %",
        "load s",
    )
    rows = []
    for service in services:
        of = [result for result in results if result.service == service.name]
        rows.append((service.about, *_row(of)))
    return markdown(header, rows)


def _row(of: Sequence[Result]) -> tuple[str, ...]:
    verdicts = Counter(result.verdict for result in of)
    clean = [result.clean_tps / result.true_tps for result in of if result.clean_tps]
    return (
        _errors_text(errors_percent(of)),
        _signed(100 * result.error for result in of if result.error is not None),
        _interval_text(of),
        f"{fmean(result.load_s for result in of):.0f} / {fmean(result.wall_s for result in of):.0f}",
        f"{fmean(result.requests for result in of):.0f}",
        f"{median(clean):.2f} C / {_unclean_text(of)}" if clean else "none",
        ", ".join(f"{word} {count}" for word, count in verdicts.most_common()),
        _errors_text([100 * abs(result.locust_error) for result in of]),
        _signed(100 * result.locust_error for result in of),
        f"{fmean(result.locust_load_s for result in of):.0f}",
    )


def by_group(services: Iterable[Service], results: Sequence[Result]) -> str:
    """One row per group of services, as Markdown."""
    groups: dict[str, list[Result]] = {}
    kinds = {service.name: service.group for service in services}
    for result in results:
        groups.setdefault(kinds[result.service], []).append(result)
    header = (
        "group",
        "runs",
        "`ok` off by > 10 %",
        "p95 of `ok` %",
        "all: error % median / p95",
        "covered %",
        "load / wall s",
        "verdicts",
    )
    return markdown(header, ((group, *group_row(of)) for group, of in {**groups, "all": results}.items()))


def group_row(of: Sequence[Result]) -> tuple[str, ...]:
    """Of any results, what most is promised of."""
    ok = errors_percent(result for result in of if result.verdict == "ok")
    inside = covered(of)
    verdicts = Counter(result.verdict for result in of)
    return (
        f"{len(of)}",
        f"{sum(error > 10 for error in ok)} of {len(ok)}",
        f"{percentile(ok, 95):.2f}" if ok else "-",
        _errors_text(errors_percent(of)),
        f"{100 * fmean(inside):.1f}" if inside else "-",
        f"{fmean(result.load_s for result in of):.1f} / {fmean(result.wall_s for result in of):.1f}",
        ", ".join(f"{word} {count}" for word, count in verdicts.most_common()),
    )


def summary(services: Iterable[Service], results: Sequence[Result]) -> str:
    """The figures over groups of services, as Markdown."""
    kinds = {service.name: service for service in services}
    groups: list[tuple[str, Callable[[Result], bool]]] = [
        ("all", lambda result: True),
        ("rate limiters of 5 TPS and more", lambda result: kinds[result.service].is_fast_limiter),
        ("verdict ok", lambda result: result.verdict == "ok"),
    ]
    rows = []
    for name, belongs in groups:
        of = [result for result in results if belongs(result)]
        if of:
            rows += [_summary_row(name, of), _locust_row(name, of)]
    header = (
        "runs",
        "method",
        "median error %",
        "p95 %",
        "bias %",
        "off by > 10 %",
        "interval covers %",
        "interval +-%",
        "load s",
        "wall s",
        "requests",
        "clean rate throttles > 1 %",
    )
    return markdown(header, rows)


def _summary_row(name: str, of: Sequence[Result]) -> tuple[str, ...]:
    errors, inside = errors_percent(of), covered(of)
    return (
        f"{name} ({len(of)})",
        "search",
        f"{median_of(errors):.2f}",
        f"{percentile(errors, 95):.1f}",
        _signed(100 * result.error for result in of if result.error is not None),
        f"{100 * fmean(error > 10 for error in errors):.1f} %",
        f"{100 * fmean(inside):.1f}" if inside else "-",
        f"{median_of(half_widths(of)):.1f}" if inside else "-",
        f"{fmean(result.load_s for result in of):.1f}",
        f"{fmean(result.wall_s for result in of):.1f}",
        f"{fmean(result.requests for result in of):.0f}",
        _unclean_text(of),
    )


def _locust_row(name: str, of: Sequence[Result]) -> tuple[str, ...]:
    errors = [100 * abs(result.locust_error) for result in of]
    return (
        name,
        "Locust rules",
        f"{median_of(errors):.2f}",
        f"{percentile(errors, 95):.1f}",
        _signed(100 * result.locust_error for result in of),
        f"{100 * fmean(error > 10 for error in errors):.1f} %",
        "none",
        "-",
        f"{fmean(result.locust_load_s for result in of):.1f}",
        f"{fmean(result.locust_wall_s for result in of):.1f}",
        f"{fmean(result.locust_requests for result in of):.0f}",
        "-",
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile; NaN of nothing."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(percent) // 100) - 1)] if ordered else float("nan")


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def errors_percent(of: Iterable[Result]) -> list[float]:
    """Unsigned, of those that have an estimate."""
    return [100 * abs(result.error) for result in of if result.error is not None]


def covered(of: Iterable[Result]) -> list[bool]:
    """Does the interval hold the truth? One without an upper end does if it begins below it."""
    return [result.low <= result.true_tps <= (result.high or float("inf")) for result in of if result.low is not None]


def half_widths(of: Iterable[Result]) -> list[float]:
    """In percent of the truth, of those that have both ends."""
    return [
        50 * (result.high - result.low) / result.true_tps
        for result in of
        if result.low is not None and result.high is not None
    ]


def _unclean_text(of: Iterable[Result]) -> str:
    shares = [result.clean_throttles for result in of if result.clean_throttles is not None]
    return f"{100 * fmean(share > 0.01 for share in shares):.0f} %" if shares else "-"


def _errors_text(errors: Sequence[float]) -> str:
    return f"{median_of(errors):.1f} / {percentile(errors, 95):.1f}" if errors else "no estimate"


def _signed(values: Iterable[float]) -> str:
    listed = list(values)
    return f"{fmean(listed):+.1f}" if listed else "-"


def median_of(values: Sequence[float]) -> float:
    """The median, or NaN if there are no values."""
    return median(values) if values else float("nan")


def _interval_text(of: Sequence[Result]) -> str:
    inside = covered(of)
    return f"{median_of(half_widths(of)):.1f} / {100 * fmean(inside):.0f}" if inside else "none"
