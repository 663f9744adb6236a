"""Requests that the client sends late are no evenly paced ones: such a step is repeated, and never supports `ok`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.capacity.step_plans import SearchLimits
from lambdas.capacity.verdicts.verdict import judge
from lambdas.load.counts import StepCounts
from lambdas.load.step import Phase, StepPlan
from simulation.services import SERVICES
from simulation.virtual_time import SearchRun, VirtualClient, run_search

STEADY, NOISY = "bucket-5", "pool-60"


class SlowClient(VirtualClient):
    """A client that sends 3 requests late in each of the first `late_steps` paced steps of a phase."""

    late_steps = 0
    phase: Phase = "confirm"

    def run_step(self, plan: StepPlan) -> StepCounts:
        counts = super().run_step(plan)
        if not plan.paced_tps or plan.phase != self.phase or not self.late_steps:
            return counts
        self.late_steps -= 1
        return replace(counts, workers=[replace(worker, late=3) for worker in counts.workers])


def searched(service: str, late_steps: int, phase: Phase = "confirm") -> SearchRun:
    client = SlowClient(SERVICES[service].simulated(0), image_costs=SERVICES[service].image_costs(0), seed=service)
    client.late_steps, client.phase = late_steps, phase
    return run_search(client, SearchLimits())


def paced_steps(run: SearchRun, phase: Phase) -> int:
    return sum(counts.plan.phase == phase and counts.plan.paced_tps > 0 for counts in run.history)


@pytest.mark.parametrize(
    ("late_steps", "steps", "verdict"), [(0, 1, "ok"), (1, 2, "ok"), (2, 3, "ok"), (3, 3, "client-limited")]
)
def test_a_confirmation_is_repeated_until_its_requests_leave_in_time(late_steps: int, steps: int, verdict: str) -> None:
    run = searched(STEADY, late_steps)

    assert judge(run.measurement).word == verdict
    assert paced_steps(run, "confirm") == steps


def test_a_probe_whose_requests_leave_late_supports_no_ok_either() -> None:
    in_time, late = (searched(NOISY, steps, "look") for steps in (0, 99))

    assert judge(in_time.measurement).word == "ok"
    assert paced_steps(in_time, "look") == 1
    assert judge(late.measurement).word == "client-limited"
    assert paced_steps(late, "look") == 3
