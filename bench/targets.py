"""What the benchmark's figures have to reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from bench.service import Service
from bench.tables import covered, errors_percent, markdown, median_of, percentile

if TYPE_CHECKING:
    from bench.accuracy import Result


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
    each = [Target("mean seconds of load", fmean(result.load_s for result in results), 45.0)]
    if limiters:
        each.append(
            Target(
                "rate limiters of 5 TPS and more: median error %", median_of(errors_percent(limiters)), 1.0
            )
        )
        each.append(
            Target(
                "rate limiters of 5 TPS and more: p95 error %", percentile(errors_percent(limiters), 95), 2.0
            )
        )
    if errors_percent(results):
        each.append(Target("all: median error %", median_of(errors_percent(results)), 1.0))
    if ok:
        each.append(Target("verdict ok: p95 error %", percentile(errors_percent(ok), 95), 6.0))
    if covered(results):
        each.append(Target("interval coverage %", 100 * fmean(covered(results)), 94.0, at_most=False))
    return Targets(each)
