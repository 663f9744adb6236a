"""Prepare reads the account's quotas: a search keeps within Lambda's, and an answer beside Rekognition's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.result import Output
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.handlers import plan_step
from lambdas.load.step import StepPlan
from lambdas.models.rekognition.facts import FACTS
from lambdas.past_runs.store import history
from lambdas.runs.quotas import tps_quota
from lambdas.runs.store import run_store
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient
from tests.states.conftest import Stack, picture

DETECT = "Transactions per second per account for the Custom Labels operation DetectCustomLabels"
REKOGNITION = {"ServiceCode": "rekognition"}
MIN_SIZE_RATIO = "ProvisionedThroughputExceededException"

Answering = Callable[..., Any]


@pytest.fixture
def quotas(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """Answers of Service Quotas and of Lambda, which moto does not have, in place of theirs."""
    with ExitStack() as stubs:

        def answering(name: Any, *answers: tuple[str, Mapping[str, Any] | str]) -> Any:
            client = boto3.client(name, region_name="us-east-1")
            stubber = stubs.enter_context(Stubber(client))
            for operation, answer in answers:
                if isinstance(answer, str):
                    stubber.add_client_error(operation, answer)
                else:
                    stubber.add_response(operation, dict(answer))
            user = {"service-quotas": "quotas_client", "lambda": "lambda_client"}[name]
            monkeypatch.setattr(f"lambdas.tuning.prepare.{user}", lambda: client)
            return client

        yield answering


def listed(**quotas: float) -> dict[str, Any]:
    return {"Quotas": [{"QuotaName": name.replace("_", " "), "Value": value} for name, value in quotas.items()]}


def unreserved(number: int) -> dict[str, Any]:
    return {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": number}}


APPLIED, DEFAULT = "list_service_quotas", "list_aws_default_service_quotas"


@pytest.mark.parametrize(
    ("answers", "quota"),
    [
        ([(APPLIED, listed(**{DETECT: 100.0, "Something_else": 5.0}))], TpsQuota(100.0, "Service Quotas", True)),
        (
            [(APPLIED, listed(Something_else=5.0)), (DEFAULT, listed(**{DETECT: 40.0}))],
            TpsQuota(40.0, "AWS's default, as Service Quotas has no value of this account's own"),
        ),
        (
            [(APPLIED, "AccessDeniedException"), (DEFAULT, listed(**{DETECT: 40.0}))],
            TpsQuota(40.0, "AWS's default, as Service Quotas has no value of this account's own"),
        ),
        (
            [(APPLIED, listed()), (DEFAULT, listed())],
            TpsQuota(50.0, "the documented default, as Service Quotas does not list it"),
        ),
        (
            [(APPLIED, "AccessDeniedException"), (DEFAULT, "AccessDeniedException")],
            TpsQuota(50.0, "the documented default, as Service Quotas could not be read"),
        ),
    ],
)
def test_the_quota_of_requests_is_the_accounts_or_a_default(
    quotas: Answering, answers: list[Any], quota: TpsQuota
) -> None:
    assert tps_quota(quotas("service-quotas", *answers), FACTS) == quota


def test_service_quotas_out_of_reach_is_no_reason_to_fail() -> None:
    class Unreachable:
        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self, **_: Any) -> Iterator[Any]:
            raise EndpointConnectionError(endpoint_url="https://servicequotas.us-east-1.amazonaws.com")
            yield  # the first page is asked for when it is looked at

    assert tps_quota(Unreachable(), FACTS) == TpsQuota(
        source="the documented default, as Service Quotas could not be read"
    )


def prepared(stack: Stack, truth: ModelTruth, **raw: Any) -> dict[str, Any]:
    stack.upload("samples/1.png", picture())
    setup = ModelSetup(truth=truth)
    stack.prepare({"modelArn": stack.service.add_model(setup)["modelArn"], **raw})
    return dict(stack.run_item()["plan"])


def test_few_concurrent_executions_make_few_workers_with_more_lanes(stack: Stack, quotas: Answering) -> None:
    quotas("lambda", ("get_account_settings", unreserved(10)))

    plan = prepared(stack, ModelTruth())

    run, _ = run_store(stack.run_id).load()
    assert (plan["most_workers"], plan["max_concurrency"]) == (8, 256)
    assert (run.search_limits.most_workers, run.search_limits.lanes_per_worker) == (8, 32)
    assert "room for 8 load workers" in run.warnings[0]


def test_more_concurrency_than_the_workers_can_carry_is_cut_and_told(stack: Stack, quotas: Answering) -> None:
    quotas("lambda", ("get_account_settings", unreserved(4)))

    plan = prepared(stack, ModelTruth(), test={"startConcurrency": 200, "maxConcurrency": 4000})

    assert (plan["most_workers"], plan["start_concurrency"], plan["max_concurrency"]) == (2, 128, 128)
    assert "test.maxConcurrency is taken as 128" in plan["warnings"][0]


def test_a_quota_of_lambda_that_can_t_be_read_caps_nothing(stack: Stack, quotas: Answering) -> None:
    quotas("lambda", ("get_account_settings", "AccessDeniedException"))

    plan = prepared(stack, ModelTruth())

    assert (plan["most_workers"], plan["warnings"]) == (1000, [])


def test_a_start_that_does_not_fit_behind_the_quota_is_warned_of(stack: Stack, quotas: Answering) -> None:
    quotas("service-quotas", (APPLIED, listed(**{DETECT: 50.0})))
    stack.upload("samples/1.png", picture())
    arn = stack.service.add_model(ModelTruth(tps_per_iu=15, start_s=0.01, stop_s=0.01))["modelArn"]
    stack.prepare({"modelArn": arn, "test": {"mode": "quick"}})
    run, _ = run_store(stack.run_id).load()
    before = {"inferenceUnits": 1, "tpsPerInferenceUnit": 15.0, "verdict": "ok", "runId": "before", "modelArn": arn}
    earlier = replace(run, started_at="2026-01-01T06:00:00.000Z")
    rate = {"estimate": 15.0, "low": 14.8, "high": 15.2}
    history().save(earlier, from_json(Output, {**before, "maxTps": rate}))
    assert stack.settle({"modelArn": arn}, failed=True)

    quotas("service-quotas", (APPLIED, listed(**{DETECT: 50.0})))
    stack.run_id = "run-2"
    stack.prepare({"modelArn": arn, "test": {"mode": "quick", "inferenceUnits": 5}})

    (warning,) = stack.run_item()["plan"]["warnings"]
    assert "5 x 15.00 TPS" in warning
    assert "test with 3 or fewer" in warning


def test_the_whole_run_behind_the_quota_recommends_nothing(stack: Stack, quotas: Answering) -> None:
    """Five units of 15 TPS, of which the account lets 50 through."""
    quotas("service-quotas", (APPLIED, listed(**{DETECT: 50.0})))
    truth = ModelTruth(tps_per_iu=15, account_tps=50, account_error=MIN_SIZE_RATIO, start_s=0.01, stop_s=0.01)
    raw = {"test": {"mode": "quick", "inferenceUnits": 5}, "demand": {"averageTps": 40, "peakTps": 70}}
    arn = prepared(stack, truth, **raw)["model_arn"]
    while not stack.start():
        time.sleep(0.02)
    stack.probe()
    client, store = VirtualClient(SimulatedService(truth, 5), seed=3), run_store(stack.run_id)
    while step := stack.plan():
        for worker, counts in enumerate(client.run_step(StepPlan.from_mapping(step)).workers):
            store.put_counts(step["number"], worker, counts)
    stack.recommend()
    while not stack.settle({"modelArn": arn}):
        time.sleep(0.02)
    answer = stack.publish()

    assert (answer["verdict"], answer["limitedBy"]) == ("account-throttled", "account-quota")
    assert answer["maxTps"]["high"] is None
    assert answer["maxTps"]["estimate"] == pytest.approx(50, rel=0.03)
    assert answer["accountQuotaTps"] == 50
    assert answer["recommendation"]["maxInferenceUnits"] is None


def test_workers_that_lambda_refused_are_kept_with_their_step(stack: Stack) -> None:
    """Of 16 workers of a lane each Lambda runs five, whatever it is asked."""
    truth = ModelTruth(tps_per_iu=60, latency_mean_s=0.2, start_s=0.01, stop_s=0.01)
    arn = prepared(stack, truth, test={"mode": "quick", "inFlightPerWorker": 1})["model_arn"]
    while not stack.start():
        time.sleep(0.02)
    stack.probe()
    client, store, refused = VirtualClient(SimulatedService(truth), seed=3), run_store(stack.run_id), 0
    while step := plan_step.handler({"runId": stack.run_id, "refusedWorkers": refused}, stack.context)["step"]:
        plan = StepPlan.from_mapping(step)
        ran = client.run_step(plan).workers[:5]
        refused = plan.workers - len(ran)
        for worker, counts in enumerate(ran):
            store.put_counts(step["number"], worker, counts)
    stack.recommend()
    while not stack.settle({"modelArn": arn}):
        time.sleep(0.02)
    answer = stack.publish()

    assert (answer["verdict"], answer["limitedBy"]) == ("client-limited", "lambda-concurrency")
    assert "Lambda ran 5 of 16 load workers" in answer["verdictDetail"]
    assert answer["maxTps"]["high"] is None
    assert answer["maxTps"]["estimate"] > 15
    assert [step["workers"] for step in answer["steps"]] == [1, 4, 16, 16, 5, 5]
