"""What starts by itself: one schedule per entry; a rule, a queue and a Lambda for uploads; and their rights."""

import json
import re
from typing import Any

import pytest

from tests.infra.synth import only, resources, template, text

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"
WEEKLY: dict[str, Any] = {
    "expression": "cron(0 6 ? * MON *)",
    "timezone": "Europe/Paris",
    "input": {"modelArn": ARN, "demand": {"averageTps": 6, "headroom": 0.0}},
}
DAILY: dict[str, Any] = {"expression": "rate(1 day)", "input": {"modelArn": ARN}}
ONCE: dict[str, Any] = {"expression": "at(2027-01-31T06:00:00)", "input": {"modelArn": ARN}}
SAMPLES: dict[str, Any] = {
    "prefix": "samples/",
    "settleSeconds": 30,
    "input": {"modelArn": ARN, "test": {"mode": "quick"}},
}
OTHERS: dict[str, Any] = {"prefix": "others/", "input": {"modelArn": ARN}}
UPLOADS = {"uploadTriggers": [SAMPLES, OTHERS]}


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Logical ids of the resources that a deployment of `after` over `before` would touch."""
    ids = set(before["Resources"]) | set(after["Resources"])
    return {name for name in ids if before["Resources"].get(name) != after["Resources"].get(name)}


def allowed_to(role: str, **context: object) -> set[tuple[str, str]]:
    """(action, resource) of all policies of the role with this logical id."""
    return {
        (action, text(statement["Resource"]))
        for policy in resources("AWS::IAM::Policy", **context).values()
        if {"Ref": role} in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


def the_id(kind: str, pattern: str, **context: object) -> str:
    """The logical id of the only resource of the type whose id matches."""
    (found,) = (name for name in resources(kind, **context) if re.search(pattern, name))
    return found


def schedules(**context: object) -> dict[str, dict[str, Any]]:
    found = resources("AWS::Scheduler::Schedule", **context)
    return {name: each["Properties"] for name, each in found.items() if name.startswith("Triggers")}


def test_without_settings_nothing_starts_by_itself() -> None:
    assert not [name for name in template()["Resources"] if name.startswith("Triggers")]
    assert "NotificationConfiguration" not in only("AWS::S3::Bucket")


def test_a_schedule_starts_the_machine_with_its_input_at_its_time() -> None:
    (schedule,) = schedules(schedules=[WEEKLY]).values()

    target = schedule["Target"]
    machine = the_id("AWS::StepFunctions::StateMachine", "^Workflow")
    assert schedule["ScheduleExpression"] == "cron(0 6 ? * MON *)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Paris"
    assert schedule["State"] == "ENABLED"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert text(target["Arn"]) == f"<{machine}>"
    assert json.loads(target["Input"]) == WEEKLY["input"]


def test_a_start_that_fails_is_tried_for_an_hour_and_then_kept() -> None:
    context = {"schedules": [WEEKLY, DAILY]}
    letters = the_id("AWS::SQS::Queue", "SchedulesUndelivered", **context)

    for schedule in schedules(**context).values():
        assert schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 3600
        assert text(schedule["Target"]["DeadLetterConfig"]["Arn"]) == f"<{letters}.Arn>"


def test_schedules_may_start_runs_of_this_machine_and_keep_what_failed_and_nothing_else() -> None:
    context = {"schedules": [WEEKLY, DAILY]}
    role = the_id("AWS::IAM::Role", "TriggersSchedules", **context)
    machine = the_id("AWS::StepFunctions::StateMachine", "^Workflow")
    letters = the_id("AWS::SQS::Queue", "SchedulesUndelivered", **context)

    assert {text(each["Target"]["RoleArn"]) for each in schedules(**context).values()} == {f"<{role}.Arn>"}
    assert allowed_to(role, **context) == {
        ("states:StartExecution", f"<{machine}>"),
        ("sqs:SendMessage", f"<{letters}.Arn>"),
    }


def test_disabling_a_schedule_touches_nothing_but_that_schedule() -> None:
    before = template(schedules=[WEEKLY, DAILY])
    after = template(schedules=[WEEKLY, {**DAILY, "enabled": False}])

    (touched,) = changed(before, after)
    old, new = before["Resources"][touched], after["Resources"][touched]
    assert new["Properties"] == {**old["Properties"], "State": "DISABLED"}


def test_removing_or_moving_a_schedule_leaves_the_others_alone() -> None:
    before = template(schedules=[WEEKLY, DAILY, ONCE])

    assert changed(before, template(schedules=[ONCE, DAILY, WEEKLY])) == set()
    (gone,) = changed(before, template(schedules=[WEEKLY, ONCE]))
    assert before["Resources"][gone]["Properties"]["ScheduleExpression"] == "rate(1 day)"


def test_the_bucket_tells_eventbridge_of_uploads_without_a_lambda_of_the_cdks() -> None:
    bucket = only("AWS::S3::Bucket", **UPLOADS)

    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert not resources("Custom::S3BucketNotifications", **UPLOADS)


def rule_of(prefix: str) -> dict[str, Any]:
    (found,) = (
        rule["Properties"]
        for name, rule in resources("AWS::Events::Rule", **UPLOADS).items()
        if name.startswith("Triggers") and prefix in rule["Properties"]["Description"]
    )
    return found


def test_a_rule_per_trigger_matches_what_is_uploaded_under_its_prefix_in_this_bucket() -> None:
    pattern = rule_of("samples/")["EventPattern"]

    (bucket,) = resources("AWS::S3::Bucket", **UPLOADS)
    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail-type"] == ["Object Created"]
    assert [text(name) for name in pattern["detail"]["bucket"]["name"]] == [f"<{bucket}>"]
    assert pattern["detail"]["object"]["key"] == [{"prefix": "samples/"}]


def test_a_rules_message_carries_the_trigger_the_time_and_the_object() -> None:
    (target,) = rule_of("samples/")["Targets"]
    transformer = target["InputTransformer"]
    filled_in = {"<time>": '"2026-11-21T06:00:00Z"', "<detail-object>": '{"key": "samples/a.jpg"}'}

    template = transformer["InputTemplate"]
    for name, value in filled_in.items():
        template = template.replace(name, value)
    # Objects are filled in as JSON; strings are not escaped, and a key may hold a quote.
    assert transformer["InputPathsMap"] == {"time": "$.time", "detail-object": "$.detail.object"}
    assert json.loads(template) == {
        "trigger": SAMPLES,
        "uploadedAt": "2026-11-21T06:00:00Z",
        "object": {"key": "samples/a.jpg"},
    }


@pytest.mark.parametrize("prefix", ["samples/", "others/"])
def test_what_a_rule_can_not_deliver_is_kept(prefix: str) -> None:
    (target,) = rule_of(prefix)["Targets"]

    letters = the_id("AWS::SQS::Queue", "UploadsUndelivered", **UPLOADS)
    assert text(target["DeadLetterConfig"]["Arn"]) == f"<{letters}.Arn>"


def test_the_queue_gives_a_message_up_after_a_hundred_looks_and_keeps_it() -> None:
    queues = resources("AWS::SQS::Queue", **UPLOADS)
    queue = queues[the_id("AWS::SQS::Queue", "^TriggersUploads[0-9A-F]{8}$", **UPLOADS)]["Properties"]
    function = function_of(**UPLOADS)

    letters = the_id("AWS::SQS::Queue", "UploadsDeadLetters", **UPLOADS)
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 100
    assert text(queue["RedrivePolicy"]["deadLetterTargetArn"]) == f"<{letters}.Arn>"
    assert queue["VisibilityTimeout"] > 6 * function["Timeout"]


def function_of(**context: object) -> dict[str, Any]:
    found = the_id("AWS::Lambda::Function", "StartAfterUploads", **context)
    return dict(resources("AWS::Lambda::Function", **context)[found]["Properties"])


def test_the_lambda_takes_many_messages_at_once() -> None:
    mapping = resources("AWS::Lambda::EventSourceMapping", **UPLOADS)[
        the_id("AWS::Lambda::EventSourceMapping", "^Triggers", **UPLOADS)
    ]["Properties"]

    queue = the_id("AWS::SQS::Queue", "^TriggersUploads[0-9A-F]{8}$", **UPLOADS)
    assert text(mapping["EventSourceArn"]) == f"<{queue}.Arn>"
    assert mapping["BatchSize"] == 1000
    assert mapping["MaximumBatchingWindowInSeconds"] >= 1
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_lambda_may_do_exactly_what_it_does() -> None:
    role = text(function_of(**UPLOADS)["Role"]).strip("<>").removesuffix(".Arn")
    queue = the_id("AWS::SQS::Queue", "^TriggersUploads[0-9A-F]{8}$", **UPLOADS)
    table = the_id("AWS::DynamoDB::Table", "")
    machine = the_id("AWS::StepFunctions::StateMachine", "^Workflow")

    rights = {
        (action, resource)
        for action, resource in allowed_to(role, **UPLOADS)
        if not action.startswith(("logs:", "xray:"))
    }

    assert {right for right in rights if right[0] != "states:DescribeExecution"} == {
        ("sqs:ReceiveMessage", f"<{queue}.Arn>"),
        ("sqs:DeleteMessage", f"<{queue}.Arn>"),
        ("sqs:GetQueueAttributes", f"<{queue}.Arn>"),
        ("sqs:ChangeMessageVisibility", f"<{queue}.Arn>"),
        ("dynamodb:GetItem", f"<{table}.Arn>"),
        ("dynamodb:UpdateItem", f"<{table}.Arn>"),
        ("states:StartExecution", f"<{machine}>"),
    }
    (executions,) = (resource for action, resource in rights if action == "states:DescribeExecution")
    assert ":execution:" in executions
    assert machine in executions
    assert executions.endswith(":*")


def test_an_encrypted_queue_can_be_read_with_the_customers_key() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    role = text(function_of(**UPLOADS)["Role"]).strip("<>").removesuffix(".Arn")

    rights = allowed_to(role, **UPLOADS, kmsKeyArn=key)
    assert {action for action, resource in rights if resource == key} == {"kms:Decrypt"}


def test_when_the_stack_goes_what_starts_runs_goes_before_the_guard_that_stops_models() -> None:
    context = {"schedules": [WEEKLY], **UPLOADS}
    guard = the_id("Custom::DeletionGuard", "", **context)

    starters = [
        resource
        for kind in ("AWS::Scheduler::Schedule", "AWS::Events::Rule", "AWS::Lambda::EventSourceMapping")
        for name, resource in resources(kind, **context).items()
        if name.startswith("Triggers")
    ]
    assert len(starters) == 4
    assert all(guard in starter["DependsOn"] for starter in starters)
