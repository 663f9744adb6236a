"""A whole run with a comparison of images, in virtual time: the project's plans and books, a simulated service.

`python -m simulation.image_comparison` prints how often one way of sending is called faster where none is.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from typing import Any

from iu_tuner.contract.choices import Mode, Source
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.measured import ImageComparisonOutput
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.search import next_move
from lambdas.experiments.image_comparison import compared_images, next_comparison
from lambdas.experiments.image_variants import images_of, source_of
from lambdas.images.image import Image
from lambdas.load.measured_step import MeasuredStep, counts_of_series
from lambdas.load.step import Series, StepPlan
from lambdas.runs.budget import Remaining
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.services import CATALOGUE
from simulation.virtual_time import VirtualClient

ENDLESS = Remaining(36_000.0, "limits.maxMinutes = 600")


@dataclass(frozen=True)
class ComparedRun:
    """A simulated run: its steps, its measurement, and its comparison of images."""

    steps: tuple[MeasuredStep, ...]
    measurement: Measurement
    comparison: ImageComparisonOutput | None


def run_with(
    images: Sequence[Image],
    *,
    compare: bool = True,
    mode: Mode = "standard",
    source: Source = "bytes",
    max_concurrency: int = 256,
) -> Run:
    """The run that Prepare would plan for these images."""
    return Run(
        run_id="compared",
        model_arn="arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.1/1",
        project_arn="p",
        started_at="2026-11-21T06:00:00.000Z",
        inference_units=1,
        requested_units=None,
        usd_per_unit_hour=4.0,
        expected_usd=0.3,
        mode=mode,
        start_concurrency=4,
        max_concurrency=max_concurrency,
        in_flight_per_worker=8,
        max_minutes=90,
        max_usd=10,
        demand=None,
        bucket="images",
        source=source,
        images=tuple(images),
        skipped=(),
        images_found=len(images),
        images_skipped=0,
        compare_images=compare,
    )


def image_costs(truth: ModelTruth, run: Run, series: Series) -> list[float]:
    """The cost factor of each image of a series."""
    by_s3 = source_of(run, series) == "s3"
    return [
        truth.image_cost(hashlib.sha256(image.key.encode()).digest(), image.bytes, by_s3=by_s3)
        for image in images_of(run, series, ())
    ]


def run_compared(
    truth: ModelTruth, run: Run, *, seed: int | str = 0, remaining: Remaining = ENDLESS, most_steps: int | None = None
) -> ComparedRun:
    """Simulate the search, then the comparison with the budget `remaining`, for at most `most_steps` of its steps."""
    client = VirtualClient(SimulatedService(truth), seed=seed)
    steps: list[MeasuredStep] = []
    none = Remaining(0.0, remaining.limit)

    def play(plan: StepPlan) -> None:
        client.image_costs = image_costs(truth, run, plan.series)
        start_s = client.now_s
        steps.append(MeasuredStep(len(steps), start_s, 3.0, client.run_step(plan)))

    while isinstance(move := next_move(counts_of_series(steps, "main"), run.search_limits), StepPlan):
        play(move)
    main = len(steps)
    while plan := next_comparison(steps, run, Progress(), move, none if len(steps) - main == most_steps else remaining):
        play(plan)
    compared = compared_images(steps, run, Progress(), move, remaining)
    return ComparedRun(tuple(steps), move, compared)


def images_of_sizes(*sizes_bytes: int) -> list[Image]:
    """One image of each size in bytes."""
    return [Image(f"samples/{number:02}.jpg", size) for number, size in enumerate(sizes_bytes)]


def sample_comparison() -> dict[str, Any]:
    """The sample of docs/extra-measurements.md: a pool that is slower with larger images, and a little slower by s3."""
    truth = ModelTruth(
        tps_per_iu=24, limiter="executor_pool", latency_cv=0.3, image_cost_per_mb=1.0, s3_extra_cost=0.25
    )
    run = run_with(images_of_sizes(*range(100_000, 1_300_000, 50_000)))
    return to_json(run_compared(truth, run, seed="sample").comparison)  # type: ignore[no-any-return]


def claim(task: tuple[str, int, Mode]) -> tuple[bool, bool, bool]:
    """Whether the ways of sending were compared, whether one was called faster, and whether a size was."""
    name, seed, mode = task
    service = next(service for service in CATALOGUE if service.name == name)
    run = run_with(images_of_sizes(*range(100_000, 1_300_000, 50_000)), mode=mode)
    compared = run_compared(service.model_truth(seed), run, seed=f"{name}/{seed}").comparison
    assert compared is not None
    told_apart = len(compared.sources) == 2
    by_size = any(word in compared.detail for word in ("Small images are faster", "Large images are faster"))
    return told_apart, compared.faster_source is not None, by_size


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m simulation.image_comparison", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="runs per service")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--services", nargs="+", default=[service.name for service in CATALOGUE])
    parser.add_argument("--mode", choices=("quick", "standard", "precise"), default="standard")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    chosen = parser.parse_args()
    print("| service | compared | a way called faster | a size called faster |\n| --- | --- | --- | --- |")
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    with Pool(chosen.jobs) as pool:
        for name in chosen.services:
            tasks = [(name, seed, chosen.mode) for seed in seeds]
            claims = pool.map(claim, tasks)
            sums = [sum(column) for column in zip(*claims, strict=True)]
            print(f"| {name} | {sums[0]} of {len(tasks)} | {sums[1]} | {sums[2]} |", flush=True)


if __name__ == "__main__":
    main()
