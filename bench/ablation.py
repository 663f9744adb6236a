"""`python -m bench.ablation`: what each rule of the search is worth: the benchmark without it, one after the other.

Prints a Markdown table; a rule whose row is no worse than the first is not needed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from statistics import fmean
from unittest.mock import patch

from bench.accuracy import run_all
from bench.result import Result
from bench.tables import covered, errors_percent, half_widths, markdown, median_of, percentile
from lambdas.capacity import agreement, looks, ramp, saturated
from lambdas.capacity import step_checks as soundness
from lambdas.capacity.rates import estimator
from lambdas.capacity.step_plans import SearchLimits
from simulation.service import Service
from simulation.services import CATALOGUE

Without = Callable[[], AbstractContextManager[object]]


def _set(module: object, **values: object) -> Without:
    return partial(patch.multiple, module, **values)


RULES: dict[str, Without] = {
    "(all rules)": nullcontext,
    "no second look after 50 s, but at once": _set(saturated, SECOND_LOOK_AFTER_S=0.0),
    "second look after 35 s": _set(saturated, SECOND_LOOK_AFTER_S=35.0),
    "the look is not cut at shifts": _set(looks, _shift=lambda counts, errors: None),
    "shifts need not be two levels": _set(looks, _two_levels=lambda head, tail: True),
    "pause before the look also after a shift": _set(saturated, SHIFTED_S=99),
    "two looks always agree": _set(agreement, agree=lambda one, other, first: True),
    "agreement of 4 % instead of 7 %": _set(agreement, AGREEING_SHARE=0.04),
    "vague looks count": _set(agreement, vague=lambda look, first: False),
    "no third look when two disagree": _set(saturated, MORE_LOOKS=0),
    "noise is ok": _set(agreement, SOUND_SHARE=9.0, TOLERATED_SHARE=9.0),
    "no more seconds for noise": _set(agreement, MAX_MORE_S=0),
    "the probe may accept more than the level": _set(saturated.SaturatedModel, probe_contradicts=False),
    "the probe is not judged": _set(saturated.SaturatedModel, _judge_probe=lambda self, probe: None),
    "pauses are not looked for": _set(looks.Look, dips=False),
    "no fair share": _set(agreement, fair_share=lambda look, paced: None),
    "the drain of a lower confirmation is no look": _set(saturated, LOWER_DRAIN_S=2.0),
    "throttles need not last": _set(estimator, LASTING_SHARE=0.0),
    "counting error of 2": _set(estimator, COUNTING=2.0),
    "unstable by more than a tenth of failures": _set(soundness, CHANCE_ERRORS=0.0),
    "queueing is judged in a short step": _set(ramp, MAY_QUEUE=(0.0, 9.9)),
}


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.ablation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="runs per service")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES), metavar="RULE")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    chosen = parser.parse_args(arguments)
    rows = []
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    for name in chosen.rules:
        with RULES[name]():  # the processes are forked with it
            results = run_all(CATALOGUE, seeds, SearchLimits(), chosen.jobs, beside=False)
        rows.append((name, *_row(CATALOGUE, results)))
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    header = (
        "rule that is left out",
        "`ok` off by > 10 %",
        "p95 of `ok` %",
        "limiters `ok` %",
        "limiters p95 %",
        "limiters half-width median / p95 %",
        "covered %",
        "load s",
    )
    print(markdown(header, rows))
    return 0


def _row(services: Iterable[Service], results: Sequence[Result]) -> tuple[str, ...]:
    fast = {service.name for service in services if service.is_fast_limiter}
    ok, limiters = [r for r in results if r.verdict == "ok"], [r for r in results if r.service in fast]
    widths = half_widths(limiters)
    return (
        f"{sum(error > 10 for error in errors_percent(ok))} of {len(ok)}",
        f"{percentile(errors_percent(ok), 95):.2f}",
        f"{100 * fmean(r.verdict == 'ok' for r in limiters):.1f}",
        f"{percentile(errors_percent(limiters), 95):.2f}",
        f"{median_of(widths):.1f} / {percentile(widths, 95):.1f}",
        f"{100 * fmean(covered(results)):.1f}",
        f"{fmean(r.load_s for r in results):.1f}",
    )


if __name__ == "__main__":
    sys.exit(main())
