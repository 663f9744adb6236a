"""The upload pipelines in the template: one for each entry of `inference`, and nothing without one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.settings.context import SettingsError
from tests.infra.deployments import MODEL
from tests.infra.synth import only, resources, template, text

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


def test_the_rule_matches_the_prefix_and_has_no_wildcards() -> None:
    (rule,) = new("AWS::Events::Rule", **ONE)

    assert rule["EventPattern"]["detail"]["object"]["key"] == [{"prefix": "test_images/"}]
    assert "wildcard" not in json.dumps(rule)


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
