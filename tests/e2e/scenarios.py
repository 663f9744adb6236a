"""The executions of the end-to-end tests: a simulated model each, and what is asked of the tuner."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth

FAST: dict[str, Any] = {"start_s": 2.0, "stop_s": 1.0}

NOWHERE = "arn:aws:rekognition:us-east-1:000000000000:project/nobody/version/nothing/1"


@dataclass(frozen=True)
class Scenario:
    """`more` goes over the smallest input; `error` names the failure that has to come of it.

    `load_s` is about how long it loads its model, 0 where it never comes to that: the longest start first.
    `traffic` are requests of others that CloudWatch tells of, `past_tps` those of two earlier days, by the
    minute; `left` is the status the model has to end in.
    """

    name: str
    model: ModelSetup
    more: Mapping[str, Any] = field(default_factory=dict)
    verdict: str = "ok"
    error: str | None = None
    load_s: float = 30.0
    traffic: int = 0
    past_tps: tuple[float, ...] = ()
    left: str = "STOPPED"

    def input(self, model_arn: str, bucket: str) -> dict[str, Any]:
        return {"modelArn": model_arn, **self.more}


def _model(status: str = "STOPPED", **truth: Any) -> ModelSetup:
    return ModelSetup(truth=ModelTruth(**{**FAST, **truth}), status=status)


def _running(units: int, most_units: int | None = None, **truth: Any) -> ModelSetup:
    return ModelSetup(
        truth=ModelTruth(**{**FAST, **truth}), status="RUNNING", inference_units=units, max_inference_units=most_units
    )


# Of quite different sizes, though small, as bytes are what load costs this machine most.
PHOTOS = "photos/"
PHOTO_BYTES = (20_000, 60_000, 120_000)
QUICK = {"test": {"mode": "quick"}}
# Eight hours by the minute, from 3 requests a second up to 12 and back.
A_DAY = tuple(3 + 9 * math.sin(math.pi * minute / 480) for minute in range(480))

# A few requests a second are enough: what each model carries is all that tells one from another.
ANSWERED = (
    Scenario(
        "token-bucket",
        _model(tps_per_iu=5),
        {"demand": {"fromCloudWatchDays": 14}, "test": {"inFlightPerWorker": 2}},
        past_tps=A_DAY,
        load_s=90,
    ),
    Scenario(
        "never-throttling",
        _model(tps_per_iu=10, limiter="unbounded_queue", latency_cv=0.3),
        QUICK,
        verdict="latency-bound",
    ),
    Scenario("account-throttling", _model(tps_per_iu=60, account_tps=4), QUICK, verdict="account-throttled", load_s=45),
    Scenario(
        "not-saturated",
        _model(tps_per_iu=200, latency_mean_s=0.4),
        {"test": {"mode": "quick", "maxConcurrency": 4}},
        verdict="not-saturated",
        load_s=45,
    ),
    Scenario(
        "hostile-images-in-s3-and-lost-replies",
        _model("TRAINING_COMPLETED", tps_per_iu=6, lost_replies=2, random_500_share=0.02),
        {"images": {"prefix": "hostile/", "source": "s3"}, **QUICK},
    ),
    Scenario("found-running", _running(2, tps_per_iu=2.5), {"demand": {"images": 36_000, "withinHours": 3}, **QUICK}),
    Scenario(
        "given-back-beside-others",
        _running(2, tps_per_iu=3),
        {"afterRun": "restore", "test": {"mode": "quick", "allowOtherTraffic": True}},
        traffic=120,
        left="RUNNING",
    ),
    Scenario(
        "given-back-with-its-units",
        _running(2, 3, tps_per_iu=4),
        {"afterRun": "restore", "test": {"mode": "quick", "inferenceUnits": 1}},
        left="RUNNING",
    ),
    Scenario(
        "applied",
        _model(tps_per_iu=5),
        {"afterRun": "apply", "demand": {"averageTps": 7, "peakTps": 12}, **QUICK},
        left="RUNNING",
    ),
    Scenario(
        "images-compared",
        _model(tps_per_iu=20, limiter="executor_pool", executors=4, image_cost_per_mb=30.0, s3_extra_cost=1.0),
        {
            "images": {"prefix": PHOTOS, "compare": True},
            "test": {"mode": "quick", "startConcurrency": 16, "inFlightPerWorker": 32},
        },
        load_s=80,
    ),
    Scenario(
        "scaling-verified",
        _model(tps_per_iu=4, unit_efficiency=0.7),
        {"demand": {"averageTps": 5, "peakTps": 10}, "test": {"mode": "quick", "verifyScaling": True}},
        load_s=70,
    ),
)

FAILED = (
    Scenario("start-fails", _model(start_fails=1), error="ModelStartFailed", load_s=0),
    Scenario("not-startable", _model("TRAINING_FAILED"), error="ModelNotStartable", load_s=0),
    Scenario("wrong-input", _model(), {"test": {"inferenceUnits": "two"}}, error="InvalidInput", load_s=0),
    Scenario(
        "wrong-prefix", _running(1), {"images": {"prefix": "/samples/"}}, error="InvalidInput", left="RUNNING", load_s=0
    ),
    Scenario("unknown-model", _model(), {"modelArn": NOWHERE}, error="ModelNotFound", load_s=0),
    Scenario(
        "no-images", _model("TRAINING_COMPLETED"), {"images": {"prefix": "empty/"}}, error="NoUsableImages", load_s=0
    ),
    Scenario("too-dear", _model(), {"limits": {"maxCostUsd": 0.1}}, error="BudgetExceeded", load_s=0),
    Scenario(
        "start-hangs",
        _model(start_hangs=1, start_hang_s=100),
        {"limits": {"maxMinutes": 0.75}},
        error="BudgetExceeded",
        load_s=0,
    ),
    Scenario("stops-by-itself", _model(lost_after_s=12), error="ModelLost", load_s=12),
    Scenario("in-use", _running(1), error="ModelInUse", traffic=120, left="RUNNING", load_s=0),
    Scenario(
        "takes-too-long",
        _model(tps_per_iu=3),
        {"test": {"mode": "precise"}, "limits": {"maxMinutes": 1.1}},
        error="BudgetExceeded",
        load_s=60,
    ),
)

SCENARIOS = ANSWERED + FAILED
