"""What the benchmark's figures have to reach."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.result import Result
from bench.tables import covered, errors_percent, half_widths, markdown, median_of, percentile
from simulation.service import STANDS_STILL, Service

WRONG_PERCENT = 10  # an `ok` that is off by more is wrong


@dataclass(frozen=True)
class Target:
    """What a figure has to reach: at most, or at least, `bound`."""

    what: str
    measured: float
    bound: float
    at_most: bool = True

    @property
    def met(self) -> bool:
        """Is it reached?"""
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound


@dataclass(frozen=True)
class Targets:
    """All targets that the results allow to be judged."""

    each: Sequence[Target]

    @property
    def missed(self) -> list[Target]:
        """Those that are not reached."""
        return [target for target in self.each if not target.met]

    @property
    def table(self) -> str:
        """As Markdown."""
        rows = [
            (
                target.what,
                f"{'at most' if target.at_most else 'at least'} {target.bound:g}",
                f"{target.measured:.2f}",
                "yes" if target.met else "**no**",
            )
            for target in self.each
        ]
        return markdown(("target", "to reach", "measured", "met"), rows)


def targets(services: Iterable[Service], results: Sequence[Result]) -> Targets:
    """The results against what was promised."""
    kinds = {service.name: service for service in services}
    limiters = [result for result in results if kinds[result.service].is_fast_limiter]
    ok = [result for result in results if result.verdict == "ok"]
    each = [Target("mean seconds of load", fmean(result.load_s for result in results), 46.0)]
    if limiters:
        each += _of_limiters("rate limiters of 5 TPS and more", limiters)
    if ok:
        errors = errors_percent(ok)
        wrong = sum(error > WRONG_PERCENT for error in errors)
        what = f"verdict ok: runs of {len(ok):,} off by more than {WRONG_PERCENT} % (1 in 1,000, within chance)"
        each.append(Target(what, wrong, most_by_chance(len(ok) / 1000)))
        each.append(Target("verdict ok: p95 error %", percentile(errors, 95), 3.0))
    if covered(results):
        each.append(Target("interval coverage %", 100 * fmean(covered(results)), 95.0, at_most=False))
    for group in sorted({kinds[result.service].group for result in results} & STANDS_STILL):
        inside = covered(result for result in results if kinds[result.service].group == group)
        if inside:
            each.append(Target(f"{group}: interval coverage %", 100 * fmean(inside), 93.0, at_most=False))
    return Targets(each)


def _of_limiters(name: str, limiters: Sequence[Result]) -> list[Target]:
    widths, apart = half_widths(limiters), _seeds_apart(limiters)
    ok_share = 100 * fmean(result.verdict == "ok" for result in limiters)
    each = [
        Target(f"{name}: p95 error %", percentile(errors_percent(limiters), 95), 1.1),
        Target(f"{name}: verdict ok, %", ok_share, 95.0, at_most=False),
        Target(f"{name}: median half-width %", median_of(widths), 1.5),
        Target(f"{name}: p95 half-width %", percentile(widths, 95), 5.0),
    ]
    if apart:
        each.append(Target(f"{name}: two seeds apart, median %", median_of(apart), 1.0))
        each.append(Target(f"{name}: two seeds apart, p95 %", percentile(apart, 95), 4.0))
    return each


def most_by_chance(mean: float) -> int:
    """The count that a Poisson variable of this mean exceeds in fewer than 1 of 20 cases."""
    count, term = 0, math.exp(-mean)
    below = term
    while below < 0.95:
        count += 1
        term *= mean / count
        below += term
    return count


def _seeds_apart(results: Sequence[Result]) -> list[float]:
    """How far two runs of a kind are apart, in percent, each in shares of its truth: seeds 0 and 1, 2 and 3, …"""
    shares: dict[str, list[float]] = {}
    for result in results:
        if result.estimate is not None:
            shares.setdefault(result.service, []).append(result.estimate / result.true_tps)
    return [100 * abs(a - b) for of in shares.values() for a, b in zip(of[::2], of[1::2], strict=False)]
