"""How far a run has come, for whoever watches it: the step under way, the requests, the estimate if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from iu_tuner.formats import rounded
from lambdas.capacity import agreement
from lambdas.capacity.looks import look
from lambdas.capacity.other_limits import answered_seconds
from lambdas.capacity.ramp import saturated_part
from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_checks import is_usable, limiting_factor
from lambdas.load.counts import StepCounts
from lambdas.load.measured_step import MeasuredStep, load_of
from lambdas.load.step import StepPlan
from lambdas.runs.step_rows import measured_so_far


def so_far(steps: Sequence[MeasuredStep], next_plan: StepPlan | None) -> dict[str, Any]:
    """The steps that are done (the probe is number 0), and the one that starts now; None: all is measured."""
    done = measured_so_far(steps)
    found = estimate_so_far(load_of(steps, "main"))
    counts = {name: done["requests"][name] for name in ("accepted", "throttled", "failed")}
    return {
        **counts,
        "steps": done["steps"],
        **({"step": _step(steps, next_plan)} if next_plan else {}),
        **({"estimate": _estimate(found)} if found else {}),
    }


def estimate_so_far(history: Sequence[StepCounts]) -> Interval | None:
    """The max TPS that the saturated steps tell; None as long as none does.

    Neither the rate of a step that was not saturated, nor one that something else than the model
    decided, is told: it would look like a limit of the model's.
    """
    sound = [counts for counts in history if is_usable(counts)]
    measured = [counts for counts in sound if counts.plan.phase != "confirm"]
    if not measured:
        return None
    last = measured[-1]
    if last.plan.phase == "window":
        return estimator.rate_between_refills(last.accepted[: last.whole_seconds])
    if last.plan.phase == "latency":
        return estimator.interval(answered_seconds(last), noisy=True)
    return _saturated(sound)


def _saturated(sound: Sequence[StepCounts]) -> Interval | None:
    """From the ramp's last step and the looks after it: the last level that two of them agree on, or the last one."""
    later = list(takewhile(lambda counts: counts.plan.phase in ("look", "precise", "confirm"), reversed(sound)))
    ramped = saturated_part(sound[-1 - len(later)]) or sound[-1 - len(later)]
    first = look(ramped)
    if first is None or limiting_factor(ramped) is not None or estimator.is_windowed(first.counts):
        return None
    level = [first]
    for seen in map(look, reversed(later)):
        if seen is not None and seen.tells:
            level = [*level, seen] if agreement.agree(level[-1], seen) else [seen]
    return estimator.widen_by_lost_requests(agreement.together(level), ramped.unanswered_tps)


def _step(steps: Sequence[MeasuredStep], plan: StepPlan) -> dict[str, Any]:
    return {
        "number": len(steps),
        "phase": plan.phase,
        "concurrency": plan.lanes,
        "workers": plan.workers,
        **({"series": plan.series} if plan.series != "main" else {}),
    }


def _estimate(found: Interval) -> dict[str, Any]:
    return {"tps": rounded(found.estimate, 3), "low": rounded(found.low, 3), "high": rounded(found.high, 3)}
