"""The state of a search after the ramp has saturated the model: the looks, their common level, the last confirmation.
Each method runs one or more steps of load and updates the state."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from math import ceil, hypot

from lambdas.capacity import agreement
from lambdas.capacity.confirmation import PacedCounts, paced_part, run_evenly, run_paced
from lambdas.capacity.looks import MIN_SPLIT_S, Look, look
from lambdas.capacity.measurement import CleanRate
from lambdas.capacity.rates.estimator import MIN_SECONDS
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import DRAIN_S, SATURATED_STEP_S, closed_loop_plan, confirmation_plan, probe_plan
from lambdas.load.counts import StepCounts
from lambdas.load.step import Phase, StepPlan

Load = Generator[StepPlan, StepCounts, None]

SECOND_LOOK_AFTER_S = 50.0  # start of the second look, in seconds of load and pauses: time for a model to warm up
MAX_SHIFT_S = 2  # if the first look cuts more seconds, no pause precedes the second: it would refill the burst credit
LOOK_RANGE_S = (6, 8)  # shortest and longest second look of a model without noise
LOOK_REQUESTS = 80  # accepted requests that such a look aims at
NOISY_LOOK_S = 7.0  # length of the second look of a noisy model, which a probe follows
REFILLED_LOOK_S = 8.0  # length of its replacement if burst credit filled it
MAX_EXTRA_LOOKS = 2  # extra looks at most, if a look is too short or two disagree
EXTRA_LOOK_S = 9.0  # length of each extra look after a disagreement
PROBE_SHARE = 1.12  # of the estimate, paced: a limiter throttles 1 - 1 / 1.12 of a probe (bench/constants.py)
PROBE_S = 6.0  # length of a probe
MIN_PROBE_THROTTLE_SHARE = 0.4  # of that share: with fewer throttles, the model carries more than the estimate
LOWER_DRAIN_S = 5.0  # drain before a second confirmation, long enough to be a look


class SaturatedModel:
    """A saturated model: everything that the steps so far have shown."""

    def __init__(self, load_test: LoadTest, ramp_counts: StepCounts) -> None:
        self.load_test = load_test
        self.concurrency = ramp_counts.plan.lanes
        self.lanes = load_test.more_lanes(self.concurrency)
        self.p95_s = ramp_counts.latency.quantile_s(0.95)
        self.unanswered_tps = ramp_counts.unanswered_tps
        self.looks = [look(ramp_counts) or Look(())]
        self.agreeing_looks = self.looks[:]
        self.looks_agree = True
        self.probe_looks: list[
            Look
        ] = []  # the accepted requests of a probe, which overloads the model less than a look
        self.confirmation: PacedCounts | None = None
        self.probe_late_share = 0.0  # of the probe's requests, sent late
        self.clean_rate: CleanRate | None = None
        self.carries_more = False  # the model accepts more than its estimate if it is overloaded less

    @property
    def first_look(self) -> Look:
        """The first look."""
        return self.looks[0]

    @property
    def max_tps(self) -> Interval:
        """The rate of the looks that agree."""
        return agreement.pooled_rate(self.agreeing_looks)

    @property
    def has_paused(self) -> bool:
        """Whether the model paused in any look."""
        return any(each.has_pause for each in self.looks)

    @property
    def probe_contradicts(self) -> bool:
        """Whether more of the probe was accepted than the level allows, even if enough of it was throttled."""
        level = self.max_tps
        return any(
            each.rate.estimate - level.estimate
            > max(hypot(each.half_width, level.half_width), agreement.AGREEMENT_TOLERANCE * level.estimate)
            for each in self.probe_looks
        )

    def look_first(self) -> Load:
        """Extend the first look while the last level of the ramp is too short."""
        for _ in range(MAX_EXTRA_LOOKS):
            if self.first_look.seconds >= MIN_SPLIT_S:
                return
            extra_look = yield from self._look(SATURATED_STEP_S, lanes=self.concurrency)
            previous_look = self.first_look
            if extra_look.seconds:
                cut_seconds = previous_look.cut_seconds + previous_look.seconds + extra_look.cut_seconds
                self.looks = [replace(extra_look, cut_seconds=cut_seconds)]
                self.agreeing_looks = self.looks[:]

    def confirm(self, rate: float, drain_s: float = DRAIN_S) -> Load:
        """Send an evenly paced rate (requests/s), after a drain of `drain_s` seconds that uses up burst credit."""
        plan = confirmation_plan(rate, self.p95_s, self.lanes, self.load_test.limits, drain_s=drain_s)
        self.confirmation = yield from run_paced(self.load_test, plan)
        self.clean_rate = self.confirmation.clean_rate

    def confirm_lower(self, rate: float) -> Load:
        """Confirm a lower rate. The drain before it is long enough to be a look, too."""
        yield from self.confirm(rate, LOWER_DRAIN_S)
        assert self.confirmation is not None
        drain_look = self.confirmation.drain
        if drain_look is None or not drain_look.is_conclusive:
            return
        self.looks.append(drain_look)
        self.looks_agree = agreement.agree(self.agreeing_looks[-1], drain_look)
        if self.looks_agree:
            self.agreeing_looks.append(drain_look)

    def look_again(self) -> Load:
        """Take the second look, late and independent of the first. A noisy model gets a probe above the rate, too."""
        plan = self._second_look()
        counts = yield from run_evenly(self.load_test, plan)
        second_look = look(counts) or Look(())
        if second_look.seconds < MIN_SECONDS:  # burst credit from the pause filled it
            second_look = yield from self._look(REFILLED_LOOK_S)
        self.looks.append(second_look)
        self.looks_agree = not second_look.has_risen and agreement.agree(self.first_look, second_look)
        if plan.paced_tps and second_look.seconds and paced_part(counts).sent:
            self._judge_probe(paced_part(counts))
        if self.looks_agree:
            self.agreeing_looks = [self.first_look, second_look]

    def _second_look(self) -> StepPlan:
        if self.first_look.cut_seconds > MAX_SHIFT_S:
            return self._plan(SATURATED_STEP_S)
        wait_s = max(0.0, SECOND_LOOK_AFTER_S - self.load_test.elapsed_s)
        shortest_s, longest_s = LOOK_RANGE_S
        estimate = self.max_tps.estimate
        if not self.first_look.is_noisy:
            return self._plan(min(longest_s, max(shortest_s, ceil(LOOK_REQUESTS / estimate))), wait_s=wait_s)
        # Failed requests do not reach the limiter. More than half of them would make the probe senselessly fast.
        paced = self.confirmation
        failed_share = min(0.5, paced.failed / paced.sent) if paced and paced.sent else 0.0
        probe_tps = PROBE_SHARE * estimate / (1 - failed_share)
        return probe_plan(
            self._plan(NOISY_LOOK_S, wait_s=wait_s), probe_tps, self.p95_s, PROBE_S, self.load_test.limits
        )

    def _judge_probe(self, probe: PacedCounts) -> None:
        """Compare the probe with a limiter of the estimated rate: it must throttle enough, and accept enough.

        If the second look shows a higher rate than the first, the estimate is out of date, and the probe too slow.
        """
        self.probe_late_share = probe.late_share
        second_look, probe_look = self.looks[-1], Look(probe.accepted_by_second, probe.rate)
        self.probe_looks = [probe_look]
        is_up_to_date = self.looks_agree or second_look.rate.estimate <= self.max_tps.estimate
        if is_up_to_date and probe.throttled < MIN_PROBE_THROTTLE_SHARE * (1 - 1 / PROBE_SHARE) * probe.sent:
            self.carries_more = True
        if probe_look.rate.estimate < second_look.rate.estimate:
            self.looks.append(probe_look)
            self.looks_agree = self.looks_agree and agreement.agree(second_look, probe_look)

    def look_on(self) -> Load:
        """Take longer looks, until one agrees with the one before it, but at most MAX_EXTRA_LOOKS."""
        for _ in range(MAX_EXTRA_LOOKS):
            conclusive_looks = (each for each in reversed(self.looks) if each.is_conclusive)
            previous_look = next(conclusive_looks, self.first_look)
            extra_look = yield from self._look(EXTRA_LOOK_S)
            self.looks.append(extra_look)
            if agreement.agree(previous_look, extra_look):
                self.agreeing_looks, self.looks_agree = [previous_look, extra_look], True
                return

    def look_longer(self, seconds: float) -> Load:
        """Take one more look of `seconds` seconds in precise mode, at the level of the looks that agree."""
        precise_look = yield from self._look(seconds, phase="precise")
        self.looks.append(precise_look)
        self.looks_agree = agreement.agree(self.agreeing_looks[-1], precise_look)
        if self.looks_agree:
            self.agreeing_looks.append(precise_look)

    def _look(self, seconds: float, *, lanes: int = 0, phase: Phase = "look") -> Generator[StepPlan, StepCounts, Look]:
        counts = yield from self.load_test.run(self._plan(seconds, lanes=lanes, phase=phase))
        return look(counts) or Look(())

    def _plan(self, seconds: float, *, lanes: int = 0, phase: Phase = "look", wait_s: float = 0.0) -> StepPlan:
        return closed_loop_plan(phase, lanes or self.lanes, self.load_test.limits, at_least_s=seconds, wait_s=wait_s)
