"""`python -m simulation.samples.report <folder>`: reports of runs against kinds of services, and of batches.

The runs are in virtual time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from iu_tuner.contract.execution_input import parse_input
from iu_tuner.contract.output.live_run import Receipt
from iu_tuner.contract.output.result import Output
from lambdas.aws.versions import versions
from lambdas.capacity.search import next_move
from lambdas.images.image import Image, SkippedImage
from lambdas.load.measured_step import MeasuredStep
from lambdas.load.step import StepPlan
from lambdas.models.lease import Lease
from lambdas.planning.request_history import RequestHistory
from lambdas.reports.page.build import contents
from lambdas.reports.page.html.contents import Contents
from lambdas.reports.page.render import page
from lambdas.reports.page.sections.failed_run import failure_contents
from lambdas.runs.failed_run import FailedRun
from lambdas.runs.progress import Progress
from lambdas.runs.receipt import make_receipt
from lambdas.runs.run import Run
from lambdas.tuning.output import findings, output
from lambdas.tuning.prepare import demand_of
from local.demo_model import DEMO_MODEL, DEMO_TEST
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.samples.batch import BATCHES, batch_page
from simulation.samples.extras import COMPARED, DROPPED, NOT_SCALED, NOTHING, SCALED, weeks
from simulation.samples.run import PROJECT, STARTED_AT, probe
from simulation.virtual_time import VirtualClient

MODEL = f"{PROJECT}/version/bees.2021-03-11T15.23.39/1615476219000"
STEADY = {"averageTps": 6, "peakTps": 15}


@dataclass(frozen=True)
class Kind:
    """A service and the input of its run; `run` overrides fields of the planned run."""

    name: str
    truth: dict[str, Any]
    demand: Mapping[str, float] | None = None
    test: dict[str, Any] = field(default_factory=dict)
    left: str = "STOPPED"
    run: dict[str, Any] = field(default_factory=dict)
    past: RequestHistory | None = None
    more: dict[str, Any] = field(default_factory=dict)
    """parts of the output from Publish or from an extra measurement"""
    late: int = 0
    """requests that a slow client sends late in each paced step"""


LAST_DAYS = {"fromCloudWatchDays": 14}

KINDS = (
    Kind("ok", {"tps_per_iu": 5.0}, STEADY),
    Kind("ok-fast", {"tps_per_iu": 40.0, "random_500_share": 0.004}, {"averageTps": 90, "peakTps": 150}),
    Kind("batch", {"tps_per_iu": 12.0}, {"images": 54_000, "withinHours": 1}),
    Kind("no-demand", {"tps_per_iu": 20.0, "burst_s": 10.0}),
    Kind("quick", {"tps_per_iu": 9.0}, STEADY, {"mode": "quick"}),
    Kind("latency-bound", {"tps_per_iu": 20.0, "limiter": "unbounded_queue", "latency_cv": 0.5}, STEADY),
    Kind("throttles-below-max", {"tps_per_iu": 20.0, "other_client_share": 0.2}, STEADY),
    Kind("not-saturated", {"tps_per_iu": 200.0}, STEADY, {"maxConcurrency": 8}),
    Kind("windowed", {"tps_per_iu": 12.0, "limiter": "fixed_window", "window_s": 10.0}, STEADY),
    Kind("windowed-without-rate", {"tps_per_iu": 3.0, "limiter": "fixed_window", "window_s": 60.0}, STEADY),
    Kind("account-throttled", {"tps_per_iu": 60.0, "account_tps": 6.0}, STEADY, {"mode": "quick"}),
    Kind("client-limited", {"tps_per_iu": 5.0}, STEADY, late=3),
    Kind("unstable", {"tps_per_iu": 20.0, "random_500_share": 0.3}, STEADY),
    Kind("given-back", {"tps_per_iu": 3.0}, STEADY, {"inferenceUnits": 2}, left="RUNNING"),
    Kind("precise", {"tps_per_iu": 6.0, "limiter": "sliding_window"}, {"averageTps": 2}, {"mode": "precise"}),
    Kind("past", {"tps_per_iu": 5.0}, LAST_DAYS, past=weeks(13.0)),
    Kind("past-never-idle", {"tps_per_iu": 20.0}, {**LAST_DAYS, "headroom": 0.2}, past=weeks(9.0, nights=True)),
    Kind("past-unknown", {"tps_per_iu": 5.0}, LAST_DAYS, past=NOTHING),
    Kind("besides", {"tps_per_iu": 5.0}, STEADY, more={**DROPPED, "image_comparison": COMPARED, "scaling": SCALED}),
    Kind(
        "applied",
        {"tps_per_iu": 5.0},
        STEADY,
        left="RUNNING",
        run={"after_run": "apply"},
        more={"scaling": NOT_SCALED, "answer_parameter": "/inference-units/bees/answer"},
    ),
    Kind("not-applied", {"tps_per_iu": 5.0}, STEADY, run={"after_run": "apply"}),
    Kind("demo", asdict(DEMO_MODEL), STEADY, DEMO_TEST),
)


def sample_contents(kind: Kind) -> Contents:
    """The contents of the report of such a run."""
    run, steps, answer = played(kind)
    return contents(run, steps, answer, versions(), kind.past)


def failed_contents() -> Contents:
    """The contents of the report of a run that lost its model."""
    run, steps, answer = played(KINDS[1])
    receipt = Receipt("rule", STARTED_AT + 700, "STOPPED", "STOPPED", STARTED_AT + 600, STARTED_AT + 700, 0.0277, 0.11)
    cause = "the model is STOPPED though the run had not stopped it - find out who did, then run again"
    failed = FailedRun(f"{run.run_id}-failed", answer.model_arn, "ModelLost", cause, receipt)
    return failure_contents(failed, run, steps[:4], versions())


def played(kind: Kind) -> tuple[Run, list[MeasuredStep], Output]:
    """Simulate a run. Returns the run, its steps and its output."""
    run = _run(kind)
    client = VirtualClient(
        SimulatedService(ModelTruth(**kind.truth), inference_units=run.inference_units), seed=kind.name
    )
    steps = [MeasuredStep(0, STARTED_AT + 600, 0.0, probe(len(run.images)))]
    client.now_s = 8.0
    while isinstance(move := next_move([step.counts for step in steps[1:]], run.search_limits), StepPlan):
        start_s = STARTED_AT + 600 + client.now_s + move.wait_s
        counts = client.run_step(move)
        if move.paced_tps:
            counts = replace(counts, workers=[replace(worker, late=kind.late) for worker in counts.workers])
        steps.append(MeasuredStep(len(steps), start_s, 3.0, counts))
    ended = STARTED_AT + 600 + client.now_s + 20
    progress = Progress(running_since=STARTED_AT + 595, stopped_at=None if kind.left == "RUNNING" else ended)
    before = "RUNNING" if kind.left == "RUNNING" else "STOPPED"
    lease = Lease(run.model_arn, run.run_id, "", run.started_at, 90, "stop", status_found=before)
    receipt = make_receipt(lease, (run, progress), kind.left, by="finally", now=ended)
    if run.after_run == "apply" and kind.left == "RUNNING":
        receipt = replace(receipt, applied=True, min_inference_units=2, max_inference_units=3)
    uri = f"s3://images/reports/{run.run_id}/"
    found = findings(run, steps, move, kind.past)
    uris = {"result_uri": f"{uri}result.json", "report_uri": f"{uri}report.html"}
    return run, steps, replace(output(run, progress, found, receipt, **uris), **kind.more)


def _run(kind: Kind) -> Run:
    raw = {"modelArn": MODEL, **({"demand": kind.demand} if kind.demand else {}), "test": kind.test}
    wanted = parse_input(raw)
    run = Run(
        run_id=f"sample-{kind.name}",
        model_arn=MODEL,
        project_arn=f"{PROJECT}/1614247896000",
        started_at="2026-11-21T06:00:00.000Z",
        inference_units=wanted.test.inference_units,
        requested_units=None,
        usd_per_unit_hour=4.0,
        expected_usd=1 / 3,
        mode=wanted.test.mode,
        start_concurrency=min(wanted.test.start_concurrency, wanted.test.max_concurrency),
        max_concurrency=wanted.test.max_concurrency,
        in_flight_per_worker=wanted.test.in_flight_per_worker,
        max_minutes=90,
        max_usd=10,
        demand=demand_of(wanted.demand),
        bucket="inferenceunittuner-images",
        source="bytes",
        images=tuple(Image(f"samples/bees-{n:02}.jpg", 287_000 + 61_000 * n) for n in range(1, 13)),
        skipped=(
            SkippedImage("samples/notes.txt", "it is text (it starts with 'not an image'), neither JPEG nor PNG"),
        ),
        images_found=13,
        images_skipped=1,
        effective_input=wanted.model_dump(by_alias=True, warnings=False),
    )
    return replace(run, **kind.run)


def all_contents() -> Iterator[tuple[str, Contents]]:
    """Pairs of a name and the contents of that kind's report."""
    yield from ((kind.name, sample_contents(kind)) for kind in KINDS)
    yield "failed", failed_contents()
    yield from ((f"batch-{verdict}", batch_page(verdict)) for verdict in BATCHES)


def main() -> None:
    """Write one report file per kind."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, shown in all_contents():
        (folder / f"{name}.html").write_text(page(shown), "utf-8")
        print(folder / f"{name}.html")


if __name__ == "__main__":
    main()
