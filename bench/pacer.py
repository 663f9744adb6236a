"""`python -m bench.pacer`: how much of a model's capacity a paced batch uses, and how many requests are throttled.

Runs the project's pacer in virtual time against limiters of four sizes, with wrong measurements, with lost
capacity, and without a measurement, and peers' controllers beside it. The goals leave out `EXCEPTIONS`. It prints the
tables as Markdown; the exit code is 1 when a goal of the parts after --check is missed.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from multiprocessing import Pool
from random import Random
from statistics import median
from typing import Any

from bench.tables import markdown, percentile
from bench.targets import Target, Targets
from lambdas.processing.first_pace import MeasuredRate, first_pace
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.pacing.controllers import PEERS, run_peer
from simulation.pacing.paced_batch import Batch, run_batch

LATENCY_S = 0.18
FRACTIONAL = "fixed window, fractional rate"
EXCEPTIONS = {
    FRACTIONAL: "a window admits sometimes one request more and sometimes one less; an even pace that is never above "
    "the lesser count of a small window leaves much unused, and no pace can tell the windows apart"
}  # limiters that the goals leave out, with the reason
LIMITERS: dict[str, dict[str, Any]] = {
    "token bucket": {"limiter": "token_bucket"},
    "token bucket, 10 s of credit": {"limiter": "token_bucket", "burst_s": 10.0},
    "fixed window": {"limiter": "fixed_window"},
    FRACTIONAL: {"limiter": "fixed_window"},
    "sliding window": {"limiter": "sliding_window"},
    "pool with a queue": {"limiter": "executor_pool"},
    "concurrency limit": {"limiter": "concurrency_limit"},
    "unbounded queue": {"limiter": "unbounded_queue"},
}
SIZES = ((5.0, 1), (5.0, 3), (12.5, 2), (2.0, 1))  # TPS per inference unit, inference units
OFF = (-0.05, -0.025, 0.0, 0.025, 0.05)  # relative error of the measurement
MEASURED_S, OUTAGE_S, PEERS_S = 1200.0, 600.0, 300.0
HALF, HALVED, DOUBLED = f"{OUTAGE_S}:{2 * OUTAGE_S}:0.5", f"{OUTAGE_S}::0.5", f"0:{OUTAGE_S}:0.5"
SHORT_SIZES, SHORT_S = ((60.0, 1), (25.0, 2)), 24.0  # about 1,200 images
BUSY_SIZES = ((60.0, 1), (25.0, 1), (12.5, 1))  # 1,200 images at each
SHORT = f"{SHORT_S / 3}:{2 * SHORT_S / 3}:0.5"
IMAGES = 1200
UNITS_LOOK_S = 30.0  # the units in service are looked at this often


@dataclass(frozen=True)
class Part:
    """What happens in the runs of a part, and which sizes and measurements it has.

    `outage` is as in `ModelTruth`. `seconds` is None for as long as a model of the size takes for IMAGES, `off` are the
    relative errors of the measurements (None: no measurement), `times` is the capacity that was measured, as a share.
    """

    seconds: float | None = MEASURED_S
    outage: str | None = None
    sizes: Sequence[tuple[float, int]] = SIZES
    off: Sequence[float | None] = (0.0,)
    workers: int = 1
    times: float = 1.0
    changes: bool = False  # the capacity changes for good: how long does the pace take to use it?
    sees_units: bool = False  # the units in service double with the capacity, and the pace reads them
    is_busy: bool = False  # the worker stalls now and then
    stalls: Sequence[tuple[float, float]] = ()  # when it does nothing, and for how long


OWN = {
    "measured": Part(off=OFF),
    "unmeasured": Part(off=(None,)),
    "outage": Part(3 * OUTAGE_S, HALF),
    "halved": Part(2 * OUTAGE_S, HALVED, changes=True),
    "doubled": Part(2 * OUTAGE_S, DOUBLED, times=0.5, changes=True),
    "units doubled": Part(2 * OUTAGE_S, DOUBLED, times=0.5, changes=True, sees_units=True),
    "two workers": Part(sizes=SIZES[1:3], workers=2),
    "short": Part(SHORT_S, sizes=SHORT_SIZES),
    "short outage": Part(SHORT_S, SHORT, sizes=SHORT_SIZES),
    "busy": Part(None, sizes=BUSY_SIZES, is_busy=True),
    "stalled": Part(SHORT_S, sizes=BUSY_SIZES, stalls=((SHORT_S / 3, 0.25), (2 * SHORT_S / 3, 0.39))),
}
PARTS = OWN | {name: Part(PEERS_S, sizes=SIZES[:1]) for name in PEERS}


@dataclass(frozen=True)
class Case:
    """One run: what it measures, the limiter, its size, the measurement's error (None: no measurement), the seed."""

    part: str
    limiter: str
    size: tuple[float, int]
    off: float | None
    seed: int
    workers: int = 1

    @property
    def truth(self) -> ModelTruth:
        """The model of all units; its rate differs by up to 15 %. Half a fixed window is a whole number."""
        name = f"{self.limiter}/{self.size}/{self.seed}"
        tps, units = self.size[0] * Random(name).uniform(0.85, 1.15), self.size[1]
        values = {"seed": self.seed, "latency_mean_s": LATENCY_S, **LIMITERS[self.limiter]}
        if self.limiter == "fixed window":
            tps = max(1, round(tps * units / 2)) * 2 / units
        executors = ModelTruth(tps_per_iu=tps, **values).executors_per_iu
        return ModelTruth(tps_per_iu=tps * units, executors=executors * units, queue_length=4 * units, **values)

    def measured(self, times: float = 1.0) -> MeasuredRate | None:
        """What a measurement of this model would say, with this error, of a capacity `times` as high."""
        if self.off is None:
            return None
        truth, units = self.truth, self.size[1]
        latency_s = truth.mean_service_s
        clean = None if truth.limiter != "concurrency_limit" else 0.6  # of the rate: what `bench.accuracy` finds
        tps = truth.tps_per_iu / units * (1 + self.off) * times
        return MeasuredRate(tps, latency_s, None if clean is None else clean * tps)


@dataclass(frozen=True)
class Outcome:
    """What came of a run. Shares of 1; `seconds` until 95 % of a new rate were used."""

    case: Case
    efficiency: float
    throttled: float
    seconds: float | None = None


def run_case(case: Case) -> Outcome:
    """Run one case in virtual time."""
    part, units = PARTS[case.part], case.size[1]
    truth = replace(case.truth, outage=part.outage)
    seconds = part.seconds or IMAGES / case.size[0]
    service = SimulatedService(truth)
    if case.part in PEERS:
        done = run_peer(PEERS[case.part], service, seconds, str(case))
    else:
        pace = first_pace(units, case.measured(part.times))
        doubled_at = OUTAGE_S + UNITS_LOOK_S * Random(f"{case}/look").random()
        batch = run_batch(
            service,
            pace,
            seconds,
            seed=str(case),
            workers=case.workers,
            units_at=(lambda now: units if now < doubled_at else 2 * units) if part.sees_units else None,
            is_busy=part.is_busy,
            stalls=part.stalls,
        )
        done = batch.between(0, seconds)
    capacity = truth.true_tps(1) * seconds * truth.mean_outage(0.0, seconds)
    outcome = Outcome(case, min(1.0, done["accepted"] / capacity), done["throttled"] / max(1, done.total()))
    if not part.changes:
        return outcome
    return replace(
        outcome, seconds=_until_used(batch, truth.true_tps(1) * truth.mean_outage(OUTAGE_S, seconds), seconds)
    )


def _until_used(batch: Batch, tps: float, seconds: float) -> float:
    """The seconds after the change until a window has 95 % of the new rate, and few throttles."""
    window = max(10, math.ceil(20 / tps))
    for start in range(int(OUTAGE_S), int(seconds) - window):
        done = batch.between(start, start + window)
        if done["accepted"] >= 0.95 * tps * window and done["throttled"] <= 0.05 * done.total():
            return start - OUTAGE_S
    return math.inf


def cases(seeds: int, parts: Sequence[str], first: int = 0) -> list[Case]:
    """All cases of these parts, with so many seeds from `first` on."""
    return [
        Case(name, limiter, size, off, seed, PARTS[name].workers)
        for name in parts
        for limiter, size, off, seed in product(
            LIMITERS, PARTS[name].sizes, PARTS[name].off, range(first, first + seeds)
        )
    ]


GOALS: tuple[tuple[str, str, str, float], ...] = (
    ("measured", "efficiency", "median", 98.5),
    ("measured", "efficiency", "p10", 95.0),
    ("measured", "efficiency", "min", 93.5),
    ("measured", "throttled", "p95", 0.2),
    ("measured", "throttled", "max", 0.5),
    ("unmeasured", "efficiency", "median", 97.0),
    ("unmeasured", "efficiency", "min", 88.0),
    ("unmeasured", "throttled", "max", 1.2),
    ("outage", "efficiency", "min", 95.0),
    ("outage", "throttled", "max", 1.2),
    ("short", "efficiency", "min", 98.0),
    ("short", "throttled", "max", 0.5),
    ("short outage", "efficiency", "min", 95.0),
    ("short outage", "throttled", "max", 1.2),
    ("busy", "efficiency", "p10", 95.0),
    ("busy", "throttled", "p95", 0.5),
    ("halved", "seconds", "p95", 60.0),
    ("units doubled", "seconds", "p95", 60.0),
)
FIGURES: dict[str, Callable[[Sequence[float]], float]] = {
    "median": median,
    "p10": lambda values: percentile(values, 10),
    "p95": lambda values: percentile(values, 95),
    "min": min,
    "max": max,
}


def judged(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes that the goals are for."""
    return [each for each in outcomes if each.case.limiter not in EXCEPTIONS]


def goals(outcomes: Sequence[Outcome]) -> Targets:
    """The goals of the parts that were run, without the exceptions."""
    each, outcomes = [], judged(outcomes)
    for part, what, figure, bound in GOALS:
        if values := _values(outcomes, part, what):
            unit = "s" if what == "seconds" else "%"
            at_most = what != "efficiency"
            each.append(Target(f"{part}: {what} {unit}, {figure}", FIGURES[figure](values), bound, at_most=at_most))
    return Targets(each)


def _values(outcomes: Sequence[Outcome], part: str, what: str) -> list[float]:
    times = 1 if what == "seconds" else 100
    return [times * getattr(each, what) for each in outcomes if each.case.part == part]


def by_part(outcomes: Sequence[Outcome]) -> str:
    """One row for each part, or peer, as Markdown."""
    rows = []
    for part in dict.fromkeys(each.case.part for each in outcomes):
        efficiency, throttled = _values(outcomes, part, "efficiency"), _values(outcomes, part, "throttled")
        changed = [each.seconds for each in outcomes if each.case.part == part and each.seconds is not None]
        rows.append(
            (
                f"{part} ({len(efficiency)})",
                f"{median(efficiency):.1f} / {percentile(efficiency, 10):.1f} / {min(efficiency):.1f}",
                f"{median(throttled):.2f} / {percentile(throttled, 95):.2f} / {max(throttled):.2f}",
                f"{median(changed):.0f} / {percentile(changed, 95):.0f}" if changed else "-",
            )
        )
    header = ("runs", "efficiency %: median / p10 / min", "throttled %: median / p95 / max", "s to 95 %: median / p95")
    return markdown(header, rows)


def by_limiter(outcomes: Sequence[Outcome], parts: Sequence[str]) -> str:
    """One row for each limiter, with the least efficiency and the most throttles of each part, as Markdown."""
    rows = []
    for limiter in LIMITERS:
        row = [limiter + " (no goal)" * (limiter in EXCEPTIONS)]
        for part in parts:
            of = [each for each in outcomes if each.case.limiter == limiter]
            least, most = min(_values(of, part, "efficiency")), max(_values(of, part, "throttled"))
            row.append(f"{median(_values(of, part, 'efficiency')):.1f} / {least:.1f} / {most:.2f}")
        rows.append(row)
    return markdown(("limiter", *(f"{part}: efficiency % median / min / throttled % max" for part in parts)), rows)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.pacer", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="runs of each case")
    parser.add_argument("--first-seed", type=int, default=0, help="other runs of the same cases")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=tuple(PARTS), metavar="PART")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument(
        "--check", nargs="+", choices=OWN, default=(), metavar="PART", help="exit with 1 when a goal of these is missed"
    )
    chosen = parser.parse_args(arguments)
    with Pool(chosen.jobs) as pool:
        outcomes = pool.map(run_case, cases(chosen.seeds, chosen.parts, chosen.first_seed), chunksize=4)
    checks = goals(outcomes)
    print(f"{len(outcomes)} runs, {chosen.seeds} seeds\n")
    listed = [part for part in chosen.parts if part in OWN and not OWN[part].changes]
    print(by_part(judged(outcomes)), end="\n\n")
    if listed:
        print(by_limiter(outcomes, listed), *(f"{each}: {why}." for each, why in EXCEPTIONS.items()), sep="\n\n")
        print(checks.table)
    return 1 if goals([each for each in outcomes if each.case.part in chosen.check]).missed else 0


if __name__ == "__main__":
    sys.exit(main())
