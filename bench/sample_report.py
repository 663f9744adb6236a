"""`python -m bench.sample_report <folder>`: reports of runs against services of several kinds, in virtual time."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.sample_run import PROJECT, STARTED_AT, probe
from bench.virtual_time import VirtualClient
from lambdas.adapters.execution_input import parse_input
from lambdas.adapters.preparation import settled_demand
from lambdas.adapters.versions import versions
from lambdas.capacity.lease import Lease
from lambdas.capacity.receipt import Receipt
from lambdas.capacity.request_history import RequestHistory
from lambdas.capacity.result import findings, output
from lambdas.capacity.run import Image, Progress, Run, SkippedImage
from lambdas.capacity.search import next_move
from lambdas.capacity.step import MeasuredStep, StepPlan
from lambdas.report.contents import Contents
from lambdas.report.page import page
from lambdas.report.view import contents
from local.simulated_model.service import SimulatedService
from local.simulated_model.truth import ModelTruth

MODEL = f"{PROJECT}/version/bees.2021-03-11T15.23.39/1615476219000"
STEADY = {"averageTps": 6, "peakTps": 15}


@dataclass(frozen=True)
class Kind:
    """A service, and what is asked of the tuner; `run` overrides what was settled for the run."""

    name: str
    truth: dict[str, Any]
    demand: Mapping[str, float] | None = None
    test: dict[str, Any] = field(default_factory=dict)
    left: str = "STOPPED"
    run: dict[str, Any] = field(default_factory=dict)
    past: RequestHistory | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    """what Publish, or a measurement besides, adds to the output"""


def weeks(tps: float, *, nights: bool = False, number: int = 2) -> RequestHistory:
    """Requests by the minute from a Monday on: busy in office hours, otherwise few or (no `nights`) none at all."""

    def count_at(minute: int) -> int | None:
        hour, day = minute % 1440 / 60, minute // 1440 % 7
        noise = 1 + 0.25 * math.sin(minute * 2.399963) * math.sin(minute / 37)
        if day < 5 and 8 <= hour < 18:
            return round(60 * tps * noise * (0.35 + 0.65 * math.sin(math.pi * (hour - 7) / 12)))
        return round(6 * tps * noise) if nights else None

    counts = tuple(count_at(minute) for minute in range(number * 7 * 1440))
    return RequestHistory(
        7 * number, 1_794_787_200 - 604_800, 60, counts, sum(filter(None, counts)) // 90, True, True
    )


NOTHING = RequestHistory(14, 1_795_240_800, 60, (), 0, of_model=False, in_service_known=False)


def interval(estimate: float, width: float = 0.02) -> dict[str, Any]:
    """Max TPS as the output has it."""
    return {
        "estimate": estimate,
        "low": estimate * (1 - width),
        "high": estimate * (1 + width),
        "confidence": 0.95,
    }


def before(change: str | None, percent: float, verdict: str = "ok") -> dict[str, Any]:
    """`comparedWith.sameModel` of a run whose model carries 5 TPS."""
    then = 5 / (1 + percent / 100)
    return {"runId": "last-monday", "startedAt": "2026-11-14T06:00:00.000Z", "verdict": verdict, "change": change,
            "tpsPerInferenceUnit": then, "low": 0.98 * then, "high": 1.02 * then, "changePercent": percent}  # fmt: skip


DROPPED: dict[str, Any] = {
    "comparedWith": {"sameModel": before("dropped", -7.0), "versionBefore": before("within", -1.2) | {
        "runId": "spring-cleaning", "startedAt": "2026-03-12T06:00:00.000Z",
        "modelArn": f"{PROJECT}/version/bees.2020-12-24T18.00.00/1608832800000"}},
    "regression": True, "regressionDetail": "TPS per inference unit has dropped.",
}  # fmt: skip
COMPARED: dict[str, Any] = {
    "concurrency": 16,
    "sources": [
        {"source": "bytes", "images": 24, "averageBytes": 684_000, "maxTps": interval(5.0), "p50Ms": 181, "p95Ms": 239},
        {"source": "s3", "images": 24, "averageBytes": 684_000, "maxTps": interval(4.6), "p50Ms": 244, "p95Ms": 330},
    ],
    "sizes": [
        {"size": name, "images": 8, "leastBytes": least, "mostBytes": most, "averageBytes": (least + most) // 2,
         "maxTps": interval(tps, 0.03), "p50Ms": p50, "p95Ms": round(1.4 * p50)}
        for name, least, most, tps, p50 in (("small", 348_000, 531_000, 5.3, 168), ("medium", 592_000, 775_000, 5.1, 181),
                                            ("large", 836_000, 1_020_000, 4.1, 236))
    ],
    "fasterSource": "bytes",
    "detail": "Sent as bytes the model carries 5.00 requests/s, named in S3 4.60: send the images themselves. Large images "
    "take 29 % more time than small ones.",
    "notMeasured": [],
}  # fmt: skip
SCALED: dict[str, Any] = {
    "inferenceUnits": 2, "verdict": "ok", "maxTps": interval(9.4), "tpsPerInferenceUnit": 4.7,
    "efficiency": {"estimate": 0.94, "low": 0.91, "high": 0.97},
    "detail": "2 inference units carried 9.40 requests/s, 94 % of twice what one carries: capacity grows a little less than "
    "in step, so add one unit to recommendations above five.",
}  # fmt: skip
NOT_SCALED: dict[str, Any] = {
    **dict.fromkeys(("inferenceUnits", "verdict", "maxTps", "tpsPerInferenceUnit", "efficiency")),
    "detail": "More than 1 inference unit was not measured: the run's budget was used up.",
}
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
    Kind("unstable", {"tps_per_iu": 20.0, "random_500_share": 0.3}, STEADY),
    Kind("given-back", {"tps_per_iu": 3.0}, STEADY, {"inferenceUnits": 2}, left="RUNNING"),
    Kind("precise", {"tps_per_iu": 6.0, "limiter": "sliding_window"}, {"averageTps": 2}, {"mode": "precise"}),
    Kind("past", {"tps_per_iu": 5.0}, LAST_DAYS, past=weeks(13.0)),
    Kind(
        "past-never-idle", {"tps_per_iu": 20.0}, {**LAST_DAYS, "headroom": 0.2}, past=weeks(9.0, nights=True)
    ),
    Kind("past-unknown", {"tps_per_iu": 5.0}, LAST_DAYS, past=NOTHING),
    Kind(
        "besides",
        {"tps_per_iu": 5.0},
        STEADY,
        more={**DROPPED, "imageComparison": COMPARED, "scaling": SCALED},
    ),
    Kind(
        "applied",
        {"tps_per_iu": 5.0},
        STEADY,
        left="RUNNING",
        run={"after_run": "apply"},
        more={"scaling": NOT_SCALED, "answerParameter": "/inference-units/bees/answer"},
    ),
    Kind(
        "not-applied",
        {"tps_per_iu": 5.0},
        STEADY,
        run={
            "after_run": "apply",
            "price_detail": "the AWS Price List gave no price (AccessDenied); the stack's own one counts",
        },
    ),
)


def sample_contents(kind: Kind) -> Contents:
    """What the report of such a run says."""
    run, steps, answer = played(kind)
    return contents(run, steps, answer, versions(), kind.past)


def played(kind: Kind) -> tuple[Run, list[MeasuredStep], dict[str, Any]]:
    """The run, its steps and its output."""
    run = _run(kind)
    client = VirtualClient(
        SimulatedService(ModelTruth(**kind.truth), inference_units=run.inference_units), seed=kind.name
    )
    steps = [MeasuredStep(0, STARTED_AT + 600, 0.0, probe(len(run.images)))]
    client.now_s = 8.0
    while isinstance(move := next_move([step.counts for step in steps[1:]], run.search_limits), StepPlan):
        start_s = STARTED_AT + 600 + client.now_s + move.wait_s
        steps.append(MeasuredStep(len(steps), start_s, 3.0, client.run_step(move)))
    ended = STARTED_AT + 600 + client.now_s + 20
    progress = Progress(running_since=STARTED_AT + 595, stopped_at=None if kind.left == "RUNNING" else ended)
    before = "RUNNING" if kind.left == "RUNNING" else "STOPPED"
    lease = Lease(run.model_arn, run.run_id, "", run.started_at, 90, "stop", status_found=before)
    receipt = Receipt.of(lease, (run, progress), kind.left, by="finally", now=ended)
    if run.after_run == "apply" and kind.left == "RUNNING":
        receipt = replace(receipt, applied=True, min_inference_units=2, max_inference_units=3)
    uri = f"s3://images/reports/{run.run_id}/"
    found = findings(run, steps, move, kind.past)
    uris = {"result_uri": f"{uri}result.json", "report_uri": f"{uri}report.html"}
    return run, steps, output(run, progress, found, receipt, **uris) | kind.more


def _run(kind: Kind) -> Run:
    raw = {"modelArn": MODEL, **({"demand": kind.demand} if kind.demand else {}), "test": kind.test}
    wanted = parse_input(raw)
    run = Run(
        run_id=f"sample-{kind.name}",
        model_arn=MODEL,
        project_arn=f"{PROJECT}/1614247896000",
        started_at="2026-11-21T06:00:00.000Z",
        inference_units=wanted.test.inference_units,
        units_asked=None,
        usd_per_unit_hour=4.0,
        expected_usd=1 / 3,
        mode=wanted.test.mode,
        start_concurrency=min(wanted.test.start_concurrency, wanted.test.max_concurrency),
        max_concurrency=wanted.test.max_concurrency,
        in_flight_per_worker=wanted.test.in_flight_per_worker,
        max_minutes=90,
        max_usd=10,
        demand=settled_demand(wanted.demand),
        bucket="inferenceunittuner-images",
        source="bytes",
        images=tuple(Image(f"samples/bees-{n:02}.jpg", 287_000 + 61_000 * n) for n in range(1, 13)),
        skipped=(
            SkippedImage("samples/notes.txt", "it is neither JPEG nor PNG (it starts with 'not an i')"),
        ),
        images_found=13,
        images_skipped=1,
        input_understood=wanted.model_dump(by_alias=True, warnings=False),
    )
    return replace(run, **kind.run)


def main() -> None:
    """Write one file per kind."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        (folder / f"{kind.name}.html").write_text(page(sample_contents(kind)))
        print(folder / f"{kind.name}.html")


if __name__ == "__main__":
    main()
