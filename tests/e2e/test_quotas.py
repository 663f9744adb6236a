"""Runs that meet a quota of the account: Rekognition's of requests, and Lambda's of concurrent executions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdas.load.lambda_quota import workers_within
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.e2e.conftest import ACCOUNT_CONCURRENCY
from tests.support.deployment import Deployment
from tests.support.repeats import record_repeat

MAX_S = 420
RESERVED = 5
FAST: dict[str, Any] = {"start_s": 1.0, "stop_s": 1.0}


def run_undisturbed(app: Deployment, repeats: Path, name: str, truth: ModelTruth, **test: Any) -> dict[str, Any]:
    """The output of a run; of another one where this machine, not the model, decided it."""
    for number in range(3):
        answer = run(app, f"{name}-{number}", truth, **test)
        if answer["verdict"] != "unstable" and answer.get("limitedBy", answer["verdict"]) != "client-limited":
            break
        record_repeat(repeats, f"{name}-{number}", answer["verdict"], "a verdict about the model")
    return answer


def run(app: Deployment, name: str, truth: ModelTruth, **test: Any) -> dict[str, Any]:
    """The output of a quick run."""
    arn = app.service.add_model(ModelSetup(truth=truth))["modelArn"]
    raw = {"modelArn": arn, "test": {"mode": "quick", **test}, "demand": {"averageTps": 40, "peakTps": 70}}
    described = app.ended(app.start(name, raw), MAX_S)
    assert described["status"] == "SUCCEEDED", described.get("cause")
    assert app.service.model_report(arn)["status"] == "STOPPED"
    output: dict[str, Any] = json.loads(described["output"])
    return output


def test_an_accounts_quota_is_not_taken_for_the_model_s_limit(app: Deployment, repeats: Path) -> None:
    """Five units carry 75 TPS, and the account lets 50 through, refused in the model's own words."""
    truth = ModelTruth(tps_per_iu=15, account_tps=50, account_error="ProvisionedThroughputExceededException", **FAST)

    answer = run_undisturbed(app, repeats, "behind-the-quota", truth, inferenceUnits=5)

    assert (answer["verdict"], answer.get("limitedBy")) == ("account-throttled", "account-quota"), answer
    assert answer["maxTps"]["estimate"] == pytest.approx(50, rel=0.05)
    assert answer["maxTps"]["high"] is None
    assert answer["recommendation"]["maxInferenceUnits"] is None
    assert (answer["accountQuotaTps"], "assumed" in answer["verdictDetail"]) == (50, True)


def test_workers_that_lambda_refuses_leave_a_lower_bound(app: Deployment) -> None:
    """A lane a worker, of which five may run; the step after the first wants sixteen."""
    functions = app.aws.client("lambda")
    (name,) = (
        each["FunctionName"] for each in functions.list_functions()["Functions"] if "ApplyLoad" in each["FunctionName"]
    )
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=RESERVED)
    truth = ModelTruth(tps_per_iu=60, latency_mean_s=0.2, **FAST)

    answer = run(app, "few-workers", truth, inFlightPerWorker=1)

    assert (answer["verdict"], answer.get("limitedBy")) == ("client-limited", "lambda-concurrency"), answer
    assert f"Lambda ran {RESERVED} of 16 load workers" in answer["verdictDetail"]
    assert answer["maxTps"]["high"] is None
    assert 12 < answer["maxTps"]["estimate"] <= RESERVED / 0.2 * 1.05
    (item,) = (each for each in app.items("few-workers") if each["sk"]["S"] == "RUN")
    assert json.loads(item["plan"]["S"])["most_workers"] == workers_within(ACCOUNT_CONCURRENCY - RESERVED)
