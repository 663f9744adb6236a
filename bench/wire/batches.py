"""Batches on the wire: how much of a model's capacity they use, and how many requests are throttled.

Deploys the app into the embedded AWS once, and processes the same images with one simulated model after the other. The
model's own books say what it answered. `python -m bench.wire.batches [--images 1200] [--tps 25 60] [--limiter …]`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from itertools import product
from typing import Any

from bench.tables import markdown
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import LIMITERS, ModelTruth
from local.world import World, running_world, upload_batch

PREFIX = "batch/"
HALVED = ", halved"  # after a limiter's name: half of the capacity is gone for a third of the time
DEFAULT = ("token_bucket", "sliding_window", "executor_pool", "token_bucket" + HALVED)
LATENCY_S, START_S = 0.08, 1.0
EFFICIENCY, THROTTLED = 0.98, 0.005  # the goals
HALVED_EFFICIENCY, HALVED_THROTTLED = 0.95, 0.012


@dataclass(frozen=True)
class Case:
    """A batch: the model's limiter and TPS, and whether each image gets a file."""

    limiter: str
    tps: float
    has_files: bool

    def truth(self, images: int) -> ModelTruth:
        """The model. An outage begins about a third of its time after the first request."""
        outage = None
        if self.limiter.endswith(HALVED):
            third_s = images / self.tps / 2.5
            outage = f"{third_s + START_S:.1f}:{2 * third_s + START_S:.1f}:0.5"
        limiter = self.limiter.removesuffix(HALVED)
        return ModelTruth(
            tps_per_iu=self.tps, limiter=limiter, latency_mean_s=LATENCY_S, start_s=START_S, stop_s=0.5, outage=outage
        )


def main() -> int:
    """Print the table; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.wire.batches", description=__doc__)
    parser.add_argument("--images", type=int, default=1200)
    parser.add_argument("--tps", type=float, nargs="+", default=[25.0])
    limiters = [name + end for end in ("", HALVED) for name in LIMITERS]
    parser.add_argument("--limiter", nargs="+", choices=limiters, default=DEFAULT)
    chosen = parser.parse_args()
    cases = [Case(*each) for each in product(chosen.limiter, chosen.tps, (False, True))]
    header = ("limiter", "TPS", "results", "efficiency %", "throttled %", "p50 / p95 ms", "s of processing")
    with running_world(
        ModelSetup(truth=ModelTruth()), lambda _: None, lambda line: print(line, file=sys.stderr)
    ) as world:
        upload_batch(world, PREFIX, chosen.images)
        rows, is_met = [], True
        for number, case in enumerate(cases):
            row, met = _run(world, case, chosen.images, f"batch-{number}")
            print(*row, file=sys.stderr)
            rows.append(row)
            is_met &= met
    print(markdown(header, rows))
    return 0 if is_met else 1


def _run(world: World, case: Case, images: int, run_id: str) -> tuple[tuple[str, ...], bool]:
    """Process all images. Returns the row of the table, and whether it meets the goals."""
    truth = case.truth(images)
    arn = world.service.add_model(ModelSetup(truth=truth))["modelArn"]
    results = {"prefix": f"results/{run_id}/", "perImage": case.has_files}
    raw = {"task": "process", "modelArn": arn, "images": {"prefix": PREFIX}, "results": results, "tps": case.tps}
    output = _execute(world, run_id, raw)
    report = world.service.model_report(arn)
    totals, first, last = report["totals"], report["firstDetectAt"], report["lastDetectAt"]
    running_at = next(each["at"] for each in report["transitions"] if each["to"] == "RUNNING")
    capacity = truth.true_tps(1) * (last - first) * truth.mean_outage(first - running_at, last - running_at)
    efficiency, throttled = (totals["accepted"] - 1) / capacity, totals["throttled"] / totals["sent"]
    latency = output["latencyMs"]
    row = (
        case.limiter.replace("_", " "),
        f"{case.tps:g}",
        "a file each" if case.has_files else "parts only",
        f"{100 * efficiency:.1f}",
        f"{100 * throttled:.2f}",
        f"{latency['p50']:.0f} / {latency['p95']:.0f}",
        f"{last - first:.0f}",
    )
    least, most = (HALVED_EFFICIENCY, HALVED_THROTTLED) if truth.outage else (EFFICIENCY, THROTTLED)
    return row, efficiency >= least and throttled <= most and totals["accepted"] == images


def _execute(world: World, run_id: str, raw: dict[str, Any]) -> dict[str, Any]:
    """The output of an execution."""
    states = world.aws.client("stepfunctions")
    machine = world.outputs.batch_state_machine_arn
    started = states.start_execution(stateMachineArn=machine, name=run_id, input=json.dumps(raw))
    while (described := states.describe_execution(executionArn=started["executionArn"]))["status"] == "RUNNING":
        time.sleep(0.5)
    output: dict[str, Any] = json.loads(described["output"])
    return output


if __name__ == "__main__":
    sys.exit(main())
