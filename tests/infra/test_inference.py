"""The upload pipelines in the template: one for each entry of `inference`, and nothing without one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.settings.context import SettingsError
from iu_tuner.contract.uploads.serve_input import parse_serve_input
from tests.infra.deployments import MODEL, listed, statements
from tests.infra.synth import MACHINE, definition, machine_id, only, resources, template, text

ENTRY: dict[str, Any] = {"prefix": "test_images/", "modelArn": MODEL}
OTHER: dict[str, Any] = {
    "prefix": "b/",
    "modelArn": MODEL,
    "queueName": "bees",
    "kmsKeyAlias": "alias/bees",
    "results": {"bucket": "other-bucket", "prefix": "r/"},
}
ONE, TWO = {"inference": [ENTRY]}, {"inference": [ENTRY, OTHER]}


def new(kind: str, **context: object) -> list[dict[str, Any]]:
    """The properties of the resources of this type that the default deployment does not have."""
    default = template()["Resources"]
    return [each["Properties"] for name, each in resources(kind, **context).items() if name not in default]


def test_without_an_entry_nothing_of_it_is_there() -> None:
    ids = template()["Resources"].keys()

    assert [
        name for name in ids if "Gatekeeper" in name or "AnalyseUploads" in name or name.startswith("Inference")
    ] == []
    assert "InferenceQueueUrls" not in template()["Outputs"]
    assert template(inference=[]) == template()


def test_the_gate_is_deployed_closed_and_feeds_two_batches_of_ten() -> None:
    (gate,) = resources("AWS::Lambda::EventSourceMapping", **ONE).keys() - resources("AWS::Lambda::EventSourceMapping")
    properties = resources("AWS::Lambda::EventSourceMapping", **ONE)[gate]["Properties"]

    assert properties["Enabled"] is False
    assert properties["BatchSize"] == 10
    assert properties["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert all("ReservedConcurrentExecutions" not in each for each in new("AWS::Lambda::Function", **ONE))


def test_the_queue_keeps_messages_for_two_weeks_and_waiting_makes_no_dead_letter() -> None:
    (queue,) = (each for each in new("AWS::SQS::Queue", **ONE) if "RedrivePolicy" in each)

    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 1000
    (function,) = (each for each in new("AWS::Lambda::Function", **ONE) if "analyse_uploads" in each["Handler"])
    assert queue["VisibilityTimeout"] == 6 * function["Timeout"]


# By prefix: an entry's suffixes, and what its rule asks of a key.
SUFFIXES = {
    "a/": ([".jpg", ".jpeg", ".png"], [{"wildcard": "a/*G"}, {"wildcard": "a/*g"}]),
    "b/": ([".jp2"], [{"wildcard": "b/*2"}]),
    "c/": ([".jpg", ".jfif"], [{"prefix": "c/"}]),
    "d/": ([".jpg", "é"], [{"prefix": "d/"}]),
}


def test_the_rules_match_images_in_any_case_and_no_results_beside_them() -> None:
    entries = [{**ENTRY, "prefix": prefix, "suffixes": suffixes} for prefix, (suffixes, _) in SUFFIXES.items()]

    found = [each["EventPattern"]["detail"]["object"]["key"] for each in new("AWS::Events::Rule", inference=entries)]

    assert sorted(found, key=str) == sorted((keys for _, keys in SUFFIXES.values()), key=str)


def test_each_entry_has_its_own_names_key_and_results() -> None:
    queues = {each.get("QueueName") for each in new("AWS::SQS::Queue", **TWO)}
    key = new("AWS::KMS::Alias", **TWO)

    assert queues == {None, "bees", "bees-dead-letters"}
    assert [each["AliasName"] for each in key] == ["alias/bees"]
    urls = text(template(**TWO)["Outputs"]["InferenceQueueUrls"]["Value"])
    assert set(json.loads(urls)) == {"test_images/", "b/"}
    written = [
        text(resource)
        for policy in new("AWS::IAM::Policy", **TWO)
        for statement in policy["PolicyDocument"]["Statement"]
        if "s3:PutObject" in statement["Action"]
        for resource in [statement["Resource"]]
    ]
    assert [each for each in written if "other-bucket" in each] == ["arn:<AWS::Partition>:s3:::other-bucket/r/b/*"]


def test_each_function_uses_its_own_model_only() -> None:
    allowed = {
        text(statement["Resource"])
        for policy in new("AWS::IAM::Policy", **ONE)
        for statement in policy["PolicyDocument"]["Statement"]
        if "rekognition:DetectCustomLabels" in statement["Action"]
    }

    assert allowed == {MODEL}


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"inference": [{**ENTRY, "whenStopped": "never"}]}, "inference[0]': whenStopped: got"),
        ({"inference": [{"prefix": "a/"}]}, "inference[0]': modelArn: got nothing"),
        ({"inference": [ENTRY, {**OTHER, "prefix": "test_images/b/"}]}, "inference': [1].prefix: got"),
        ({"inference": [{**ENTRY, "results": {"suffix": ".png"}}]}, "inference': [0].results.suffix: got"),
        (
            {**ONE, "uploadTriggers": [{"prefix": "test_images/", "input": {"modelArn": MODEL}}]},
            "inference': [0].prefix: got",
        ),
        ({**ONE, "modelArns": [MODEL.replace("bees", "ants")]}, "inference[0]': modelArn: got"),
        ({"inference": "[{"}, "inference' is"),
    ],
)
def test_a_bad_entry_is_refused_at_synth(context: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        template(**context)

    assert said in str(refused.value)


def test_an_alarm_tells_of_a_model_that_runs_for_nothing() -> None:
    entry = {**ENTRY, "idleStopMinutes": 0.1}
    (idle,) = (
        each for each in new("AWS::CloudWatch::Alarm", inference=[entry]) if each.get("MetricName") == "ModelIdle"
    )

    assert (idle["EvaluationPeriods"], idle["Period"], idle["Statistic"]) == (1, 60, "Minimum")
    assert only("AWS::CloudWatch::Dashboard", **ONE) != only("AWS::CloudWatch::Dashboard")


STARTS = {"inference": [{**ENTRY, "whenStopped": "start", "idleStopMinutes": 0.5, "units": 2}, OTHER]}


def test_only_an_entry_that_starts_its_model_makes_a_machine_for_that() -> None:
    parts = {name.partition("StateMachine")[0] for name in resources(MACHINE, **STARTS)}

    assert parts == {"Workflow", "BatchWorkflow", "ServeWorkflow"}
    output = template(**STARTS)["Outputs"]["ServeStateMachineArn"]["Value"]
    assert text(output) == f"<{machine_id('ServeWorkflow', **STARTS)}>"
    assert "ServeStateMachineArn" not in template(**ONE)["Outputs"]
    assert len(resources(MACHINE, **ONE)) == 2


def test_the_machine_has_the_frame_of_the_others_and_waits_as_long_as_the_look_says() -> None:
    renamed = {"PrepareServe": "PrepareBatch", "Serve": "Process", "PublishServe": "PublishBatch"}
    serve, batch = definition("ServeWorkflow", **STARTS)["States"], definition("BatchWorkflow", **STARTS)["States"]

    def ways(states: dict[str, Any]) -> dict[str, set[str]]:
        return {
            renamed.get(name, name): {
                renamed.get(way["Next"], way["Next"])
                for way in [state, *state.get("Choices", []), *state.get("Catch", [])]
                if "Next" in way
            }
            for name, state in states.items()
        }

    assert ways(serve) == ways(batch)
    (attempt,) = serve["Serve"]["Branches"]
    assert attempt["States"]["WaitForUploads"]["Seconds"] == "{% $wait %}"
    assert attempt["States"]["WaitForUploads"]["Next"] == "LookAtUploads"
    assert attempt["StartAt"] == "StartModel"


def test_the_gatekeeper_gives_the_run_the_entry_s_terms_and_all_queues_of_the_model() -> None:
    schedules = [each["Target"]["Input"] for each in new("AWS::Scheduler::Schedule", **STARTS)]
    (starting,) = (told for each in schedules if "start" in (told := json.loads(text(each))))

    run = starting["start"]["input"]
    assert starting["start"]["startAt"] == {"images": 1, "oldestSeconds": 300.0}
    assert (run["modelArn"], run["idleStopMinutes"], run["units"]) == (MODEL, 0.5, 2)
    assert run["limits"] == {"maxMinutes": 300.0, "maxCostUsd": 10.0}
    assert len(run["queues"]) == 2
    assert parse_serve_input(run).task == "serve"


def test_the_safety_net_knows_the_machine_and_the_looks_are_deleted_before_it() -> None:
    machine = f"<{machine_id('ServeWorkflow', **STARTS)}>"
    (ended,) = (
        rule["Properties"]["EventPattern"]
        for rule in resources("AWS::Events::Rule", **STARTS).values()
        if "aws.states" in rule["Properties"]["EventPattern"]["source"]
    )
    guarding = [each for each in new_statements("StopOnDelete") if "states:ListExecutions" in each[0]]

    assert machine in [text(each) for each in ended["detail"]["stateMachineArn"]]
    assert machine in {resource for _, resource in guarding}
    (guard,) = resources("Custom::DeletionGuard", **STARTS)
    looks = [
        each for name, each in resources("AWS::Scheduler::Schedule", **STARTS).items() if name.startswith("Inference")
    ]
    assert len(looks) == 2
    assert all(guard in each["DependsOn"] for each in looks)


def new_statements(function: str) -> set[tuple[str, str]]:
    """(action, resource) that the role of the function allows."""
    return {
        (action, resource)
        for name, statement in statements(**STARTS)
        if name.startswith(f"Functions{function}Role") or (name.startswith("InferenceUploads") and function in name)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


@pytest.mark.parametrize(
    ("function", "actions"),
    [
        (
            "PrepareServe",
            {
                "rekognition:DescribeProjects",
                "rekognition:DescribeProjectVersions",
                "servicequotas:ListServiceQuotas",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
                "dynamodb:Query",
                "dynamodb:Scan",
            },
        ),
        (
            "LookAtUploads",
            {
                "rekognition:DescribeProjectVersions",
                "sqs:GetQueueAttributes",
                "lambda:ListEventSourceMappings",
                "lambda:UpdateEventSourceMapping",
                "dynamodb:GetItem",
                "dynamodb:UpdateItem",
                "dynamodb:Query",
            },
        ),
        (
            "PublishServe",
            {
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "s3:PutObject",
                "sns:Publish",
                "events:PutEvents",
                "kms:Decrypt",
                "kms:GenerateDataKey",
            },
        ),
    ],
)
def test_the_roles_of_a_run_for_uploads_allow_what_it_does(function: str, actions: set[str]) -> None:
    allowed = {action for action, _ in new_statements(function) if not action.startswith(("logs:", "xray:"))}

    assert allowed == actions


def test_the_gatekeeper_starts_that_machine_alone() -> None:
    started = {resource for action, resource in new_statements("Gatekeeper") if action == "states:StartExecution"}

    assert started == {f"<{machine_id('ServeWorkflow', **STARTS)}>"}
