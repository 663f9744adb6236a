"""The executions of the end-to-end tests: a simulated model each, and what is asked of the tuner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.simulated_model.account import ModelSetup
from local.simulated_model.truth import ModelTruth

FAST: dict[str, Any] = {"start_s": 2.0, "stop_s": 1.0}

NOWHERE = "arn:aws:rekognition:us-east-1:000000000000:project/nobody/version/nothing/1"


@dataclass(frozen=True)
class Scenario:
    """`more` goes over the smallest input; `error` names the failure that has to come of it."""

    name: str
    model: ModelSetup
    more: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None

    def input(self, model_arn: str, bucket: str) -> dict[str, Any]:
        return {"modelArn": model_arn, **self.more}


def _model(status: str = "STOPPED", **truth: Any) -> ModelSetup:
    return ModelSetup(truth=ModelTruth(**{**FAST, **truth}), status=status)


QUICK = {"test": {"mode": "quick"}}

ANSWERED = (
    Scenario(
        "token-bucket",
        _model(tps_per_iu=5),
        {"demand": {"averageTps": 6, "peakTps": 15}},
    ),
    Scenario("executor-pool", _model(tps_per_iu=8, limiter="executor_pool", latency_cv=0.3, seed=3)),
    Scenario("never-throttling", _model(tps_per_iu=10, limiter="unbounded_queue", latency_cv=0.3)),
    Scenario("account-throttling", _model(tps_per_iu=60, account_tps=6), QUICK),
    Scenario("not-saturated", _model(tps_per_iu=200), {"test": {"mode": "quick", "maxConcurrency": 4}}),
    Scenario("many-workers", _model(tps_per_iu=45), {"test": {"mode": "quick", "inFlightPerWorker": 4}}),
    Scenario(
        "named-in-s3-and-lost-replies",
        _model("TRAINING_COMPLETED", tps_per_iu=6, lost_replies=2, random_500_share=0.02),
        {"images": {"source": "s3"}, **QUICK},
    ),
    Scenario(
        "found-running",
        ModelSetup(truth=ModelTruth(**FAST, tps_per_iu=3), status="RUNNING", inference_units=2),
        {"demand": {"images": 54_000, "withinHours": 3}, **QUICK},
    ),
)  # fmt: skip

FAILED = (
    Scenario("start-fails", _model(start_fails=1), error="ModelStartFailed"),
    Scenario("not-startable", _model("TRAINING_FAILED"), error="ModelNotStartable"),
    Scenario("wrong-input", _model(), {"test": {"inferenceUnits": "two"}}, error="InvalidInput"),
    Scenario("unknown-model", _model(), {"modelArn": NOWHERE}, error="ModelNotFound"),
    Scenario("no-images", _model("TRAINING_COMPLETED"), {"images": {"prefix": "empty/"}}, error="NoUsableImages"),
    Scenario("too-dear", _model(), {"limits": {"maxCostUsd": 0.1}}, error="BudgetExceeded"),
    Scenario("start-hangs", _model(start_hangs=1, start_hang_s=12), {"limits": {"maxMinutes": 0.1}},
             error="BudgetExceeded"),
    Scenario("stops-by-itself", _model(lost_after_s=12), error="ModelLost"),
)  # fmt: skip

SCENARIOS = ANSWERED + FAILED
