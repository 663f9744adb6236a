"""Checks of a step's counts: whether they are usable, and whether the model or another limit decided them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import sqrt

from iu_tuner.contract.errors import InternalError
from lambdas.capacity.measurement import Ending
from lambdas.capacity.rates.estimator import MIN_THROTTLE_RATIO, SATURATED_SECONDS
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.client_load import client_load
from lambdas.load.counts import StepCounts
from lambdas.load.failures import no_reply_error
from lambdas.load.step import StepPlan

TOLERATED_FAILURES = 0.1  # share of requests that may fail by other errors than throttles
CHANCE_ERRORS = 3.0  # standard errors of that share that chance may add
TOLERATED_LOSS = 0.1  # share of workers that may be lost
TOLERATED_DELAY_S = 1  # seconds that the last worker may start after the common start
TOLERATED_STALLS = 0.5  # share of closed-loop seconds that stalls may spoil
PHASES_WITHOUT_GAPS = ("window", "latency")  # phases that need consecutive seconds
LAMBDA_QUOTA_ADVICE = (
    "the account's concurrent executions, or those reserved for ApplyLoad, are used up (Lambda.TooManyRequests) - raise"
    " 'Concurrent executions' of AWS Lambda in Service Quotas, raise test.inFlightPerWorker, or run again when less"
    " is going on"
)
MIN_CLIENT_UTILIZATION = 0.85  # share of lane time; below it, the client limits the rate instead of the model


@dataclass
class LoadTest:
    """A load test in progress: its limits, and its seconds of load and pauses so far."""

    limits: SearchLimits
    elapsed_s: float = 0.0

    def run(self, plan: StepPlan) -> Generator[StepPlan, StepCounts, StepCounts]:
        """Run a step as `run_step` does, and add its seconds to `elapsed_s`."""
        counts = yield from run_step(plan)
        self.elapsed_s += plan.wait_s + counts.seconds + plan.paced_s
        return counts

    def more_lanes(self, lanes: int) -> int:
        """Twice as many lanes, within the limits."""
        return min(2 * lanes, self.limits.max_concurrency)


def run_step(plan: StepPlan) -> Generator[StepPlan, StepCounts, StepCounts]:
    """Run one step, and repeat it if too many of its workers were lost, stalled or late for the common start."""
    counts = yield plan
    if not is_usable(counts) or (counts.spoilt_seconds and plan.phase in PHASES_WITHOUT_GAPS):
        counts = yield plan
    if has_refused_workers(counts):
        raise InternalError(
            f"Lambda refused to run {counts.refused_workers} of {plan.workers} workers of a {plan.phase} step, twice:"
            f" {LAMBDA_QUOTA_ADVICE}"
        )
    if _too_many_lost(counts):
        raise InternalError(
            f"{counts.lost_workers} of {plan.workers} workers of a {plan.phase} step were lost, twice"
            " - look at the logs of the function ApplyLoad"
        )
    if not counts.sent and counts.first_full_second:
        raise InternalError(
            f"the workers of a {plan.phase} step were ready {counts.first_full_second} s after its start, twice"
            " - look at how long the function ApplyLoad takes to start"
        )
    if not any(counts.accepted) and not any(counts.throttled) and not counts.account_limited:
        raise no_reply_error(counts.failures, counts.sent)
    return counts


def is_usable(counts: StepCounts) -> bool:
    """Whether nearly all workers reported, and these started together and did not stall."""
    is_in_time = not _too_many_lost(counts) and counts.first_full_second <= TOLERATED_DELAY_S
    return is_in_time and (counts.plan.paced_tps > 0 or not is_stalled(counts))


def is_stalled(counts: StepCounts) -> bool:
    """Whether stalls of workers spoilt most seconds of the closed loop. In a paced part, late requests show a stall."""
    return counts.spoilt_seconds > TOLERATED_STALLS * counts.whole_seconds


def has_refused_workers(counts: StepCounts) -> bool:
    """Whether too many workers were lost, nearly all because Lambda refused to run them."""
    other_lost_workers = counts.lost_workers - counts.refused_workers
    return _too_many_lost(counts) and other_lost_workers <= TOLERATED_LOSS * counts.plan.workers


def _too_many_lost(counts: StepCounts) -> bool:
    return not counts.workers or counts.lost_workers > TOLERATED_LOSS * counts.plan.workers


def limiting_factor(counts: StepCounts) -> Ending | None:
    """The limit that decided this step instead of the model's capacity. Returns None if there is none."""
    throttled, failed = sum(counts.throttled), sum(counts.failed)
    account_refusals = counts.account_limited
    if account_refusals >= 3 and account_refusals > 0.02 * counts.sent and account_refusals >= throttled:
        return "account-throttled"
    chance_failures = CHANCE_ERRORS * sqrt(TOLERATED_FAILURES * (1 - TOLERATED_FAILURES) * counts.sent)
    if failed - account_refusals > TOLERATED_FAILURES * counts.sent + chance_failures:
        return "unstable"
    if not throttled and counts.client_utilization < MIN_CLIENT_UTILIZATION:
        return "client-limited"
    # A model that throttles this many requests is saturated, even if the workers are near their own limit.
    if client_load([counts]).is_too_much and throttled < MIN_THROTTLE_RATIO * counts.sent:
        return "client-limited"
    if is_stalled(counts) and counts.whole_seconds >= SATURATED_SECONDS:
        return "client-limited"
    return None
