"""Every road through the machine, walked: the real definition, with the Lambdas' answers made up."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.embedded_aws import EmbeddedAws
from tests.infra.synth import definition
from tests.support.aws import instrumented_aws
from tests.waiting import wait_until

ANSWERS: dict[str, Any] = {
    "prepared": {"Return": {"Payload": {"holds": True, "output": None}}},
    "another holds it": {"Return": {"Payload": {"holds": False, "output": {"verdict": "skipped"}}}},
    "starting, then running": [
        {"Return": {"Payload": {"running": False, "givenUp": False}}},
        {"Return": {"Payload": {"running": True, "givenUp": False}}},
    ],
    "running, then again": [
        {"Return": {"Payload": {"running": True, "givenUp": False}}},
        {"Return": {"Payload": {"running": False, "givenUp": False}}},
        {"Return": {"Payload": {"running": True, "givenUp": False}}},
    ],
    "running, then given up": [
        {"Return": {"Payload": {"running": True, "givenUp": False}}},
        {"Return": {"Payload": {"running": False, "givenUp": True}}},
    ],
    "probed": {"Return": {"Payload": {}}},
    "one step": [
        {"Return": {"Payload": {"step": {"number": 1, "workers": 1}, "restart": False}}},
        {"Return": {"Payload": {"step": None, "restart": False}}},
    ],
    "running, then fails": [
        {"Return": {"Payload": {"running": True, "givenUp": False}}},
        {"Throw": {"Error": "Boom", "Cause": "out of the blue"}},
    ],
    "other units, then fails": [
        {"Return": {"Payload": {"step": None, "restart": True}}},
        {"Throw": {"Error": "Boom", "Cause": "out of the blue"}},
    ],
    "other units, then one step": [
        {"Return": {"Payload": {"step": None, "restart": True}}},
        {"Return": {"Payload": {"step": {"number": 1, "workers": 1}, "restart": False}}},
        {"Return": {"Payload": {"step": None, "restart": False}}},
    ],
    "recommended": {"Return": {"Payload": {}}},
    "stopped": {"Return": {"Payload": {"settled": True}}},
    "stopped at the third look": [
        {"Return": {"Payload": {"settled": False}}},
        {"Return": {"Payload": {"settled": False}}},
        {"Return": {"Payload": {"settled": True}}},
    ],
    "never stopped": {"Return": {"Payload": {"settled": False}}},
    "published": {"Return": {"Payload": {"verdict": "ok"}}},
    "explained": {"Return": {"Payload": {"error": "BudgetExceeded", "cause": "One sentence."}}},
    "fails": {"Throw": {"Error": "Boom", "Cause": "out of the blue"}},
}
A_GOOD_DAY = {
    "Prepare": "prepared",
    "StartModel": "starting, then running",
    "ProbeImages": "probed",
    "PlanStep": "one step",
    "Recommend": "recommended",
    "ReleaseModel": "stopped",
    "Publish": "published",
    "ExplainFailure": "explained",
}
BEFORE_THE_SETTLING = ["Prepare", "StartModel", "ProbeImages", "PlanStep", "Recommend"]
UNEXPLAINED = " - nothing more could be found out: see the logs of the Lambda functions in CloudWatch"
DAYS: dict[str, dict[str, str]] = {
    "good": {},
    "second": {"Prepare": "another holds it"},
    "slow-stop": {"ReleaseModel": "stopped at the third look"},
    "no-stop": {"ReleaseModel": "never stopped"},
    "stop-fails": {"ReleaseModel": "fails", "ExplainFailure": "fails"},
    "both-fail": {"PlanStep": "fails", "ReleaseModel": "fails", "ExplainFailure": "fails"},
    "second-measurement": {"StartModel": "running, then again", "PlanStep": "other units, then one step"},
    "second-start-fails": {"StartModel": "running, then fails", "PlanStep": "other units, then fails"},
    "second-plan-fails": {"StartModel": "running, then again", "PlanStep": "other units, then fails"},
    "second-start-given-up": {"StartModel": "running, then given up", "PlanStep": "other units, then fails"},
    "publish-fails": {"Publish": "fails"},
    "unexplained": {"PlanStep": "fails", "ExplainFailure": "fails"},
    **{f"{state}-fails": {state: "fails"} for state in BEFORE_THE_SETTLING},
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    def by_attempt(answers: Any) -> dict[str, Any]:
        return {str(n): each for n, each in enumerate(answers)} if isinstance(answers, list) else {"0-999": answers}

    folder = tmp_path_factory.mktemp("answers")
    config = folder / "answers.json"
    config.write_text(
        json.dumps(
            {
                "StateMachines": {"Machine": {"TestCases": {day: A_GOOD_DAY | bad for day, bad in DAYS.items()}}},
                "MockedResponses": {name: by_attempt(answers) for name, answers in ANSWERS.items()},
            }
        ),
        "utf-8",
    )
    with instrumented_aws(folder / "journal", SFN_MOCK_CONFIG=str(config), SFN_WAIT_SCALE="0") as started:
        yield started


@pytest.fixture(scope="module")
def machine(aws: EmbeddedAws) -> str:
    asl = re.sub(r"<AWS::Partition>", "aws", json.dumps(definition()))
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws.client("iam").create_role(RoleName="machine", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    created = aws.client("stepfunctions").create_state_machine(name="Machine", definition=asl, roleArn=role)
    return str(created["stateMachineArn"])


def walk(aws: EmbeddedAws, machine: str, day: str) -> tuple[dict[str, Any], list[str]]:
    """The finished execution, and the top-level states it entered."""
    steps = aws.client("stepfunctions")
    arn = steps.start_execution(stateMachineArn=f"{machine}#{day}", name=day, input="{}")["executionArn"]
    wait_until("the end", lambda: steps.describe_execution(executionArn=arn)["status"] != "RUNNING", pause_s=0.05)
    execution = steps.describe_execution(executionArn=arn)
    pages = steps.get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"]]
    entered = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
    return execution, entered


def told_to_explain(aws: EmbeddedAws, execution: dict[str, Any]) -> dict[str, str]:
    """The failure that ExplainFailure is asked to explain."""
    history = aws.client("stepfunctions").get_execution_history(
        executionArn=execution["executionArn"], maxResults=100, reverseOrder=True
    )
    entries = [event.get("stateEnteredEventDetails", {}) for event in history["events"]]
    (given,) = (entry["input"] for entry in entries if entry.get("name") == "ExplainFailure")
    return dict(json.loads(given))


def test_a_good_day_ends_with_the_answer_after_the_stop(aws: EmbeddedAws, machine: str) -> None:
    execution, entered = walk(aws, machine, "good")

    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"]) == {"verdict": "ok"}
    assert entered == [
        "Begin",
        "Prepare",
        "LeaseAcquired?",
        "Measure",
        "ReleaseModel",
        "ModelReleased?",
        "AnyFailure?",
        "Publish",
        "RunFinished",
    ]


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("second-measurement", "SUCCEEDED"),
        ("second-start-fails", "FAILED"),  # so it was asked for
        ("second-plan-fails", "FAILED"),  # so the start led there
        ("second-start-given-up", "SUCCEEDED"),  # so it did not
    ],
)
def test_a_second_measurement_begins_with_a_start_and_may_be_given_up(
    aws: EmbeddedAws, machine: str, day: str, status: str
) -> None:
    execution, _ = walk(aws, machine, day)

    assert execution["status"] == status


@pytest.mark.parametrize("state", BEFORE_THE_SETTLING)
def test_a_failure_anywhere_in_the_try_stops_the_model_and_then_fails_the_run(
    aws: EmbeddedAws, machine: str, state: str
) -> None:
    execution, entered = walk(aws, machine, f"{state}-fails")

    assert (execution["status"], execution["error"]) == ("FAILED", "BudgetExceeded")
    assert execution["cause"] == "One sentence."
    assert entered[-6:] == [
        "RecordFailure",
        "ReleaseModel",
        "ModelReleased?",
        "AnyFailure?",
        "ExplainFailure",
        "RunFailed",
    ]


def test_the_stop_is_looked_at_until_it_is_read_back(aws: EmbeddedAws, machine: str) -> None:
    execution, entered = walk(aws, machine, "slow-stop")

    assert execution["status"] == "SUCCEEDED"
    assert (entered.count("ReleaseModel"), entered.count("WaitForRelease")) == (3, 2)


def test_a_model_that_never_stops_fails_the_run_in_the_end(aws: EmbeddedAws, machine: str) -> None:
    execution, entered = walk(aws, machine, "no-stop")

    assert execution["status"] == "FAILED"
    assert entered.count("ReleaseModel") == 90
    assert entered[-3:] == ["ModelStillRunning", "ExplainFailure", "RunFailed"]
    assert "Publish" not in entered


@pytest.mark.parametrize(("day", "before"), [("stop-fails", None), ("both-fail", "Boom")])
def test_a_stop_that_fails_says_so_and_keeps_the_error_from_before(
    aws: EmbeddedAws, machine: str, day: str, before: str | None
) -> None:
    execution, _ = walk(aws, machine, day)

    assert execution["error"] == "ModelStopFailed"
    assert execution["cause"].startswith("ModelStopFailed: the model was not seen as afterRun leaves it")
    told = json.loads(told_to_explain(aws, execution)["Cause"])
    assert told["stopFailure"] == {"Error": "Boom", "Cause": "out of the blue"}
    assert (told["runFailure"] or {}).get("Error") == before


def test_an_answer_that_cannot_be_published_is_a_failure_like_any_other(aws: EmbeddedAws, machine: str) -> None:
    execution, entered = walk(aws, machine, "publish-fails")

    assert (execution["status"], execution["error"]) == ("FAILED", "BudgetExceeded")
    assert entered[-7:] == [
        "Publish",
        "RecordFailure",
        "ReleaseModel",
        "ModelReleased?",
        "AnyFailure?",
        "ExplainFailure",
        "RunFailed",
    ]


def test_a_failure_that_nobody_can_explain_is_shown_as_it_is(aws: EmbeddedAws, machine: str) -> None:
    execution, _ = walk(aws, machine, "unexplained")

    assert execution["error"] == "InternalError"
    assert execution["cause"] == f"Boom: out of the blue{UNEXPLAINED}"


def test_a_run_without_a_lease_ends_at_once_with_its_output(aws: EmbeddedAws, machine: str) -> None:
    execution, entered = walk(aws, machine, "second")

    assert (execution["status"], json.loads(execution["output"])) == ("SUCCEEDED", {"verdict": "skipped"})
    assert entered == ["Begin", "Prepare", "LeaseAcquired?", "RunSkipped"]
