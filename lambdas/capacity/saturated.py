"""The state of a search after the ramp has saturated the model: the looks, their common level, the last confirmation.
Each method runs one or more steps of load and updates the state."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from math import ceil, hypot

from lambdas.capacity import agreement
from lambdas.capacity.confirmation import Paced, paced_again, paced_part, run_evenly
from lambdas.capacity.looks import MIN_TO_SPLIT, Look, look
from lambdas.capacity.measurement import CleanRate
from lambdas.capacity.rates.estimator import MIN_SECONDS
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import DRAIN_S, SATURATED_STEP_S, closed_loop_plan, paced, probing
from lambdas.load.counts import StepCounts
from lambdas.load.step import Phase, StepPlan

Load = Generator[StepPlan, StepCounts, None]

SECOND_LOOK_AFTER_S = 50.0  # start of the second look, in seconds of load and pauses: time for a model to warm up
SHIFTED_S = 2  # if the first look cuts more seconds, no pause precedes the second: it would refill the burst credit
LOOK_S = (6, 8)  # shortest and longest second look of a model without noise
LOOK_REQUESTS = 80  # accepted requests that such a look aims at
NOISY_LOOK_S = 7.0  # length of the second look of a noisy model, which a probe follows
REFILLED_LOOK_S = 8.0  # length of its replacement if burst credit filled it
MORE_LOOKS = 2  # extra looks at most, if a look is too short or two disagree
LOOK_ON_S = 9.0  # length of each extra look after a disagreement
PROBE_SHARE = 1.12  # of the estimate, paced: a limiter throttles 1 - 1 / 1.12 of a probe (bench/constants.py)
PROBE_S = 6.0  # length of a probe
PROBE_THROTTLED = 0.4  # of that share: with fewer throttles, the model carries more than the estimate
LOWER_DRAIN_S = 5.0  # drain before a second confirmation, long enough to be a look


class SaturatedModel:
    """A saturated model: everything that the steps so far have shown."""

    def __init__(self, test: LoadTest, ramped: StepCounts) -> None:
        self.test = test
        self.concurrency = ramped.plan.lanes
        self.lanes = test.more_lanes(self.concurrency)
        self.p95_s = ramped.latency.quantile_s(0.95)
        self.unanswered_tps = ramped.unanswered_tps
        self.looks = [look(ramped) or Look(())]
        self.level = self.looks[:]
        self.looks_agree = True
        self.probed: list[Look] = []  # the accepted requests of a probe, which overloads the model less than a look
        self.paced: Paced | None = None
        self.probe_late_share = 0.0  # of the probe's requests, sent late
        self.clean: CleanRate | None = None
        self.carries_more = False  # the model accepts more than its estimate if it is overloaded less

    @property
    def first(self) -> Look:
        """The first look."""
        return self.looks[0]

    @property
    def max_tps(self) -> Interval:
        """The rate of the looks that agree."""
        return agreement.together(self.level)

    @property
    def paused(self) -> bool:
        """Whether the model paused in any look."""
        return any(each.has_pause for each in self.looks)

    @property
    def probe_contradicts(self) -> bool:
        """Whether more of the probe was accepted than the level allows, even if enough of it was throttled."""
        level = self.max_tps
        return any(
            each.rate.estimate - level.estimate
            > max(hypot(each.half, level.half_width), agreement.AGREEING_SHARE * level.estimate)
            for each in self.probed
        )

    def look_first(self) -> Load:
        """Extend the first look while the last level of the ramp is too short."""
        for _ in range(MORE_LOOKS):
            if self.first.seconds >= MIN_TO_SPLIT:
                return
            more = yield from self._look(SATURATED_STEP_S, lanes=self.concurrency)
            before = self.first
            if more.seconds:
                self.looks = [replace(more, cut=more.cut + before.cut + before.seconds)]
                self.level = self.looks[:]

    def confirm(self, rate: float, drain_s: float = DRAIN_S) -> Load:
        """Send an evenly paced rate (requests/s), after a drain of `drain_s` seconds that uses up burst credit."""
        plan = paced(rate, self.p95_s, self.lanes, self.test.limits, drain_s=drain_s)
        self.paced = yield from paced_again(self.test, plan)
        self.clean = self.paced.clean_rate

    def confirm_lower(self, rate: float) -> Load:
        """Confirm a lower rate. The drain before it is long enough to be a look, too."""
        yield from self.confirm(rate, LOWER_DRAIN_S)
        assert self.paced is not None
        drained = self.paced.drain
        if drained is None or not drained.tells:
            return
        self.looks.append(drained)
        self.looks_agree = agreement.agree(self.level[-1], drained)
        if self.looks_agree:
            self.level.append(drained)

    def look_again(self) -> Load:
        """Take the second look, late and independent of the first. A noisy model gets a probe above the rate, too."""
        plan = self._second_look()
        counts = yield from run_evenly(self.test, plan)
        second = look(counts) or Look(())
        if second.seconds < MIN_SECONDS:  # burst credit from the pause filled it
            second = yield from self._look(REFILLED_LOOK_S)
        self.looks.append(second)
        self.looks_agree = not second.rose and agreement.agree(self.first, second)
        if plan.paced_tps and second.seconds and paced_part(counts).sent:
            self._judge_probe(paced_part(counts))
        if self.looks_agree:
            self.level = [self.first, second]

    def _second_look(self) -> StepPlan:
        if self.first.cut > SHIFTED_S:
            return self._plan(SATURATED_STEP_S)
        wait_s = max(0.0, SECOND_LOOK_AFTER_S - self.test.elapsed_s)
        shortest_s, longest_s = LOOK_S
        estimate = self.max_tps.estimate
        if not self.first.noisy:
            return self._plan(min(longest_s, max(shortest_s, ceil(LOOK_REQUESTS / estimate))), wait_s=wait_s)
        # Failed requests do not reach the limiter. More than half of them would make the probe senselessly fast.
        failed = min(0.5, self.paced.failed / self.paced.sent) if self.paced and self.paced.sent else 0.0
        above = PROBE_SHARE * estimate / (1 - failed)
        return probing(self._plan(NOISY_LOOK_S, wait_s=wait_s), above, self.p95_s, PROBE_S, self.test.limits)

    def _judge_probe(self, probe: Paced) -> None:
        """Compare the probe with a limiter of the estimated rate: it must throttle enough, and accept enough.

        If the second look shows a higher rate than the first, the estimate is out of date, and the probe too slow.
        """
        self.probe_late_share = probe.late_share
        second, probed = self.looks[-1], Look(probe.accepted_by_second, probe.rate)
        self.probed = [probed]
        in_date = self.looks_agree or second.rate.estimate <= self.max_tps.estimate
        if in_date and probe.throttled < PROBE_THROTTLED * (1 - 1 / PROBE_SHARE) * probe.sent:
            self.carries_more = True
        if probed.rate.estimate < second.rate.estimate:
            self.looks.append(probed)
            self.looks_agree = self.looks_agree and agreement.agree(second, probed)

    def look_on(self) -> Load:
        """Take longer looks, until one agrees with the one before it, but at most MORE_LOOKS."""
        for _ in range(MORE_LOOKS):
            before = next((each for each in reversed(self.looks) if each.tells), self.first)
            seen = yield from self._look(LOOK_ON_S)
            self.looks.append(seen)
            if agreement.agree(before, seen):
                self.level, self.looks_agree = [before, seen], True
                return

    def look_longer(self, seconds: float) -> Load:
        """Take one more look of `seconds` seconds in precise mode, at the level of the looks that agree."""
        seen = yield from self._look(seconds, phase="precise")
        self.looks.append(seen)
        self.looks_agree = agreement.agree(self.level[-1], seen)
        if self.looks_agree:
            self.level.append(seen)

    def _look(self, seconds: float, *, lanes: int = 0, phase: Phase = "look") -> Generator[StepPlan, StepCounts, Look]:
        counts = yield from self.test.run(self._plan(seconds, lanes=lanes, phase=phase))
        return look(counts) or Look(())

    def _plan(self, seconds: float, *, lanes: int = 0, phase: Phase = "look", wait_s: float = 0.0) -> StepPlan:
        return closed_loop_plan(phase, lanes or self.lanes, self.test.limits, at_least_s=seconds, wait_s=wait_s)
