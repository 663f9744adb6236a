"""`python -m bench.ablation`: what each rule of the search is worth: the kinds it is meant for, with and without it.

Prints a Markdown table; a rule whose two figures are alike is not needed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from functools import cache, partial
from statistics import fmean
from unittest.mock import patch

from bench.accuracy import run_all
from bench.tables import covered, errors_percent, markdown, percentile
from lambdas.capacity import agreement, looks, ramp, saturated, search, step_checks
from lambdas.capacity.rates import estimator
from lambdas.capacity.saturated import Load
from lambdas.capacity.saturated import SaturatedModel as Model
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts
from lambdas.load.step import StepPlan
from simulation.service import Group
from simulation.services import CATALOGUE

Without = Callable[[], AbstractContextManager[object]]


def _set(module: object, **values: object) -> Without:
    return partial(patch.multiple, module, **values)


_confirm = Model.confirm


def _after_a_long_drain(model: Model, rate: float, drain_s: float = 2.0) -> Load:
    return _confirm(model, rate, drain_s)


def _never(model: Model) -> Generator[StepPlan, StepCounts, bool]:
    yield from ()
    return False


def _all_of_them(counts: StepCounts) -> StepCounts | None:
    return counts if estimator.saturated_seconds(counts) is not None else None


RULES: dict[str, tuple[Without, tuple[Group, ...]]] = {
    "no second look after 50 s, but at once": (_set(saturated, SECOND_LOOK_AFTER_S=0.0), ("slow start", "step")),
    "second look after 35 s": (_set(saturated, SECOND_LOOK_AFTER_S=35.0), ("slow start", "step")),
    "two looks always agree": (_set(agreement, agree=lambda one, other: True), ("slow start", "step")),
    "no third look when two disagree": (_set(saturated, MAX_EXTRA_LOOKS=0), ("slow start", "step")),
    "the look is not cut at shifts": (_set(looks, _shift=lambda counts, errors: None), ("two limiters", "step")),
    "shifts need not be two levels": (_set(looks, _two_levels=lambda head, tail: True), ("pauses", "quota")),
    "pause before the look also after a shift": (_set(saturated, MAX_SHIFT_S=99), ("two limiters", "step")),
    "the drain of a lower confirmation is no look": (_set(saturated, LOWER_DRAIN_S=2.0), ("two limiters", "step")),
    "a drain of 2 s": (_set(Model, confirm=_after_a_long_drain), ("limiter", "pool", "two limiters")),
    "vague looks count": (_set(looks, VAGUE_SHARE=99.0), ("two limiters", "small pool")),
    "noise is ok": (_set(agreement, MAX_NOISE_SHARE=9.0), ("small pool", "pool")),
    "the probe may accept more than the level": (_set(Model, probe_contradicts=False), ("costly refusals",)),
    "a rate that passed is not sent again": (
        _set(search, _clean_rate_still_passes=_never),
        ("costly refusals", "step"),
    ),
    "the probe is not judged": (_set(Model, _judge_probe=lambda self, probe: None), ("costly refusals",)),
    "pauses are not looked for": (_set(looks.Look, has_pause=False), ("pauses",)),
    "no fair share": (_set(agreement, fair_share=lambda look, paced: None), ("other client",)),
    "throttles need not last": (_set(estimator, LASTING_SHARE=0.0), ("limiter",)),
    "counting error of 2": (_set(estimator, COUNTING_ERROR=2.0), ("limiter",)),
    "unstable by more than a tenth of failures": (_set(step_checks, CHANCE_ERRORS=0.0), ("errors",)),
    "queueing is judged in a short step": (_set(ramp, POSSIBLE_QUEUE_FACTORS=(0.0, 9.9)), ("pool", "small pool")),
    "workers must all go on": (_set(ramp, saturated_part=_all_of_them), ("limiter",)),
}


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.ablation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=6, help="runs per service")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES), metavar="RULE")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    chosen = parser.parse_args(arguments)
    rows, seeds = [], range(chosen.first_seed, chosen.first_seed + chosen.seeds)

    @cache
    def with_all(groups: tuple[Group, ...]) -> str:
        return _measured(groups, seeds, chosen.jobs)

    for name in chosen.rules:
        without, groups = RULES[name]
        before = with_all(groups)
        with without():  # the processes are forked with it
            rows.append((name, ", ".join(groups), before, _measured(groups, seeds, chosen.jobs)))
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    what = "`ok` off by > 10 %; p95 of `ok`, p95 of all, covered in %; seconds of load"
    print(markdown(("rule that is left out or changed", "groups of kinds", f"with it: {what}", "without it"), rows))
    return 0


def _measured(groups: tuple[Group, ...], seeds: Sequence[int], jobs: int) -> str:
    services = [service for service in CATALOGUE if service.group in groups]
    results = run_all(services, seeds, SearchLimits(), jobs, beside=False)
    ok = errors_percent(result for result in results if result.verdict == "ok")
    p95 = f"{percentile(ok, 95):.1f}" if ok else "-"
    return (
        f"{sum(error > 10 for error in ok)} of {len(ok)}; {p95}, {percentile(errors_percent(results), 95):.1f}, "
        f"{100 * fmean(covered(results)):.0f}; {fmean(result.load_s for result in results):.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
