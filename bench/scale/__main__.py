"""`python -m bench.scale`: what a run of 1,000 workers a step takes of the Lambdas that read their counts.

The handlers run one after the other on moto's DynamoDB and S3, in one process, beside a simulated model; the workers'
counts are made up. Ten steps come to 10,000 workers' items. With --check the exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import boto3

from bench.scale.fake_stack import RUNS_TABLE, items_of, mocked_aws
from bench.tables import markdown
from iu_tuner.formats import iso
from lambdas.load.step import StepPlan
from local.simulated_model.account import ModelSetup
from local.simulated_model.process import running_simulated_model
from simulation.large_run import report_all

PLAN_STEP_S, PLAN_STEP_MB = 3.0, 256.0
ALL_AT_ONCE = "PlanStep, had it closed no step before"
RUN_ID = "scale"


@dataclass(frozen=True)
class Call:
    """One call of a handler: how many workers' items it had to read, and what it took."""

    handler: str
    items: int
    seconds: float
    """moto's share included, which AWS has none of"""
    peak_mb: float
    """of the whole process so far, moto and all it holds with it"""


@dataclass(frozen=True)
class Scale:
    """What came of the run: its calls in order, its steps, its workers' items."""

    calls: tuple[Call, ...]
    steps: int
    items: int

    def of(self, handler: str) -> list[Call]:
        """The calls of a handler."""
        return [call for call in self.calls if call.handler == handler]


@dataclass
class _Context:
    function_name: str = "scale"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:scale"
    aws_request_id: str = "request"


class Tuner:
    """The handlers on one run."""

    def __init__(self, model_arn: str, workers: int) -> None:
        self._calls: list[Call] = []
        self._input = {
            "modelArn": model_arn,
            "test": {
                "mode": "precise",
                "startConcurrency": 4 * workers,
                "maxConcurrency": 4 * workers,
                "inFlightPerWorker": 4,
            },
        }

    def measure(self) -> Scale:
        """The whole run."""
        # Only now: what they import reads the environment, and is meant to be mocked.
        from lambdas.handlers import explain_failure, plan_step, prepare, probe_images, publish, recommend, start_model
        from lambdas.handlers import release_model as release_model

        self._call(prepare.handler, input=self._input, executionArn="arn:scale", startedAt=_now())
        while not self._call(start_model.handler)["running"]:
            time.sleep(0.1)
        self._call(probe_images.handler)
        plans: list[StepPlan] = []
        while step := self._call(plan_step.handler, items=plans[-1].workers if plans else 0)["step"]:
            plans.append(StepPlan.from_mapping(step))
            number = step["number"]
            # Every step is measured twice, as one of its workers comes late.
            report_all(RUN_ID, plans[-1], number, late=number % 2 == 1)
        items = sum(plan.workers for plan in plans)
        _forget_closed_steps()
        self._call(plan_step.handler, name=ALL_AT_ONCE, items=items)
        self._call(recommend.handler)
        while not self._call(release_model.handler, input=self._input, failed=False)["settled"]:
            time.sleep(0.1)
        self._call(publish.handler)
        failed = {"Error": "ModelLost", "Cause": "ModelLost: as an example"}
        self._call(explain_failure.handler, input=self._input, startedAt=_now(), failure=failed)
        return Scale(tuple(self._calls), len(plans), items)

    def _call(
        self, handler: Callable[..., Any], *, items: int = 0, name: str | None = None, **event: Any
    ) -> dict[str, Any]:
        began = time.perf_counter()
        answer: dict[str, Any] = handler({"runId": RUN_ID, **event}, _Context())
        took_s = time.perf_counter() - began
        name = name or "".join(word.capitalize() for word in handler.__module__.split(".")[-1].split("_"))
        self._calls.append(Call(name, items, took_s, _peak_mb()))
        return answer


def _forget_closed_steps() -> None:
    """As if no PlanStep had ever closed a step."""
    for item in items_of(RUN_ID, "CLOSED#"):
        boto3.client("dynamodb").delete_item(TableName=RUNS_TABLE, Key={"pk": item["pk"], "sk": item["sk"]})


def _now() -> str:
    return str(iso(time.time()))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured_scale(workers: int) -> Scale:
    """A run of so many workers a step, on moto."""
    with running_simulated_model([ModelSetup(status="RUNNING", inference_units=1)]) as service, mocked_aws(service):
        return Tuner(service.model_arns[0], workers).measure()


def scale_table(scale: Scale) -> str:
    """The slowest call of each handler, as Markdown."""
    rows = []
    for handler in dict.fromkeys(call.handler for call in scale.calls):
        calls = scale.of(handler)
        slowest = max(calls, key=lambda call: call.seconds)
        rows.append(
            (
                handler,
                str(len(calls)),
                f"{slowest.items:,}",
                f"{slowest.seconds:.2f}",
                f"{max(call.peak_mb for call in calls):.0f}",
            )
        )
    header = ("handler", "calls", "workers' items read", "slowest s, moto's with it", "peak MB, moto's with it")
    return markdown(header, rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--workers", type=int, default=1000, help="of each step")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a target is missed")
    chosen = parser.parse_args(arguments)
    scale = measured_scale(chosen.workers)
    of_plan_step = scale.of("PlanStep")
    slowest_s, peak_mb = (max(call.seconds for call in of_plan_step), max(c.peak_mb for c in of_plan_step))
    met = slowest_s < PLAN_STEP_S and peak_mb < PLAN_STEP_MB
    print(
        f"{scale.steps} steps of {chosen.workers:,} workers: {scale.items:,} items\n", scale_table(scale), "", sep="\n"
    )
    print(f"PlanStep takes less than {PLAN_STEP_S:.0f} s and {PLAN_STEP_MB:.0f} MB: {'yes' if met else 'no'}")
    return 1 if chosen.check and not met else 0


if __name__ == "__main__":
    sys.exit(main())
