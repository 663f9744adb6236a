"""A model that was saturated once, and is looked at further: the looks, the level that they agree on, the last
confirmation. Each method is one step of load, or a few, and what is learnt from it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from math import hypot

from lambdas.capacity import agreement
from lambdas.capacity.confirmation import Paced, paced_again, paced_part
from lambdas.capacity.looks import MIN_TO_SPLIT, Look, look
from lambdas.capacity.measurement import CleanRate
from lambdas.capacity.rates.estimator import MIN_SECONDS
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import DRAIN_S, SATURATED_STEP_S, closed_loop_plan, paced, probing
from lambdas.load.counts import StepCounts
from lambdas.load.step import Phase, StepPlan

Load = Generator[StepPlan, StepCounts, None]

SECOND_LOOK_AFTER_S = 50.0  # of load and pauses: what warms up within that is warm by then
SHIFTED_S = 2  # seconds before the last shift: after more of them, idling would save up the credit that ended with it
LOOK_S = (6.0, 8.0)  # shortest and longest second look
LOOK_REQUESTS = 80  # in it, within those
NOISY_LOOK_S = 7.0  # before a probe
REFILLED_LOOK_S = 8.0  # one more, where credit had filled it
MORE_LOOKS = 2  # to settle what is too short, or disagrees
LOOK_ON_S = 9.0  # each of the latter
PROBE_SHARE = 1.12  # of the estimate: of a limiter's evenly paced requests 1 - 1 / 1.12 are throttled
PROBE_S = 6.0
PROBE_THROTTLED = 0.4  # of that share: with less, the model carries more than it was seen to
LOWER_DRAIN_S = 5.0  # before a second confirmation: long enough to be a look


class SaturatedModel:
    """What is known of it so far."""

    def __init__(self, test: LoadTest, ramped: StepCounts) -> None:
        self.test = test
        self.concurrency = ramped.plan.lanes
        self.lanes = test.more_lanes(self.concurrency)
        self.p95_s = (ramped.latency.quantile_ms(0.95) or 0.0) / 1000
        self.unanswered_tps = ramped.unanswered_tps
        self.looks = [look(ramped) or Look(())]
        self.level = self.looks[:]
        self.looks_agree = True
        self.probed: list[Look] = []  # what was accepted of a probe, which overloads less than a look
        self.paced: Paced | None = None
        self.clean: CleanRate | None = None
        self.carries_more = False  # when it is loaded less

    @property
    def first(self) -> Look:
        """The first look."""
        return self.looks[0]

    @property
    def max_tps(self) -> Interval:
        """From the looks that agree."""
        return agreement.together(self.level)

    @property
    def paused(self) -> bool:
        """Did any look see it pause?"""
        return any(each.dips for each in self.looks)

    @property
    def probe_contradicts(self) -> bool:
        """Was more accepted of the probe than the level allows, even where enough of it was throttled?"""
        level = self.max_tps
        return any(
            each.rate.estimate - level.estimate
            > max(hypot(each.half, level.half_width), agreement.AGREEING_SHARE * level.estimate)
            for each in self.probed
        )

    def look_first(self) -> Load:
        """More seconds where the ramp's last level is too short to tell."""
        for _ in range(MORE_LOOKS):
            if self.first.seconds >= MIN_TO_SPLIT:
                return
            more = yield from self._look(SATURATED_STEP_S, lanes=self.concurrency)
            before = self.first
            if more.seconds:
                self.looks = [replace(more, cut=more.cut + before.cut + before.seconds)]
                self.level = self.looks[:]

    def confirm(self, rate: float, drain_s: float = DRAIN_S) -> Load:
        """Evenly paced, after as much load as uses up saved-up credit."""
        plan = paced(rate, self.p95_s, self.lanes, self.test.limits, drain_s=drain_s)
        self.paced = yield from paced_again(self.test, plan)
        self.clean = self.paced.clean_rate

    def confirm_lower(self, rate: float) -> Load:
        """The same at a lower rate; the drain before it is long enough to be a look."""
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
        """Late, and independent of the first; of a noisy model it ends with a probe above the estimate."""
        plan = self._second_look()
        counts = yield from self.test.run(plan)
        second = look(counts) or Look(())
        if second.seconds < MIN_SECONDS:  # what idling had saved up filled it
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
            return self._plan(min(longest_s, max(shortest_s, LOOK_REQUESTS / estimate)), wait_s=wait_s)
        failed = self.paced.failed / max(1, self.paced.sent) if self.paced else 0.0
        above = PROBE_SHARE * estimate / (1 - failed)
        return probing(self._plan(NOISY_LOOK_S, wait_s=wait_s), above, self.p95_s, PROBE_S, self.test.limits)

    def _judge_probe(self, probe: Paced) -> None:
        """Did it go as with a limiter of the estimated rate? Not if hardly any was throttled, or too few accepted.

        Where the second look saw more than the first, the estimate is out of date, and the probe was too slow to tell.
        """
        second, probed = self.looks[-1], Look(probe.accepted_by_second, probe.rate)
        self.probed = [probed]
        in_date = self.looks_agree or second.rate.estimate <= self.max_tps.estimate
        if in_date and probe.throttled < PROBE_THROTTLED * (1 - 1 / PROBE_SHARE) * probe.sent:
            self.carries_more = True
        if probed.rate.estimate < second.rate.estimate:
            self.looks.append(probed)
            self.looks_agree = self.looks_agree and agreement.agree(second, probed)

    def look_on(self) -> Load:
        """Longer looks, until one agrees with the one before it."""
        for _ in range(MORE_LOOKS):
            before = next((each for each in reversed(self.looks) if each.tells), self.first)
            seen = yield from self._look(LOOK_ON_S)
            self.looks.append(seen)
            if agreement.agree(before, seen):
                self.level, self.looks_agree = [before, seen], True
                return

    def look_longer(self, seconds: float) -> Load:
        """In precise mode, one look more at the level that was agreed on."""
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
