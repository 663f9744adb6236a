"""Whatever may be left undone raises an alarm that says what to do, and the alarm reaches somebody."""

import json
from typing import Any

import pytest

from iu_tuner.contract.names import SERVICE_NAME
from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.result import Output
from lambdas.handlers import explain_failure
from lambdas.reports import metrics
from simulation.samples.run import sample_output
from tests.infra.deployments import OTHER_VALUES, STARTS_BY_ITSELF
from tests.infra.synth import machine_id, only, resources, template, text
from tests.states.conftest import LambdaContext


def alarms(**context: object) -> dict[str, dict[str, Any]]:
    """Name in the construct -> properties."""
    found = resources("AWS::CloudWatch::Alarm", **context)
    return {name.removeprefix("Observability")[:-8]: each["Properties"] for name, each in found.items()}


class NoStore:
    def fail(self, *_: Any) -> None:
        pass


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What ExplainFailure writes in the embedded metric format when a run fails with this error."""
    (function,) = (
        each["Properties"]
        for name, each in resources("AWS::Lambda::Function").items()
        if name.startswith("FunctionsExplainFailure")
    )
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"])
    monkeypatch.setattr("lambdas.tuning.failure.run_store", lambda _: NoStore())
    monkeypatch.setattr("lambdas.tuning.failure.put_failure_page", lambda *_: None)
    monkeypatch.setattr("lambdas.tuning.failure.notify_failed", lambda *_, **__: True)

    def explain(error: str) -> list[dict[str, Any]]:
        cause = json.dumps({"errorType": error, "errorMessage": f"{error}: it did not stop"})
        event = {"runId": "r", "input": {}, "failure": {"Error": error, "Cause": cause}}
        explain_failure.handler(event, LambdaContext())
        lines = capsys.readouterr().out.splitlines()
        return [json.loads(line) for line in lines if '"_aws"' in line]

    return explain


def test_the_metric_of_a_model_that_was_not_seen_stopped_is_the_one_its_alarm_waits_for(emitted: Any) -> None:
    (metric,) = emitted("ModelStopFailed")

    (directive,) = metric["_aws"]["CloudWatchMetrics"]
    (dimensions,) = directive["Dimensions"]
    alarm = alarms()["StopFailed"]
    assert alarm["Namespace"] == directive["Namespace"]
    assert [alarm["MetricName"]] == [each["Name"] for each in directive["Metrics"]]
    assert alarm["Dimensions"] == [{"Name": name, "Value": metric[name]} for name in dimensions]
    assert metric[alarm["MetricName"]] == [1.0]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 1)


def test_another_failure_leaves_the_stops_alarm_alone(emitted: Any) -> None:
    assert emitted("BudgetExceeded") == []


def test_leases_that_are_overdue_are_counted_by_the_metric_that_their_alarm_waits_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", SERVICE_NAME)

    metrics.count_overdue(2)

    written = json.loads(capsys.readouterr().out)
    (directive,) = written["_aws"]["CloudWatchMetrics"]
    alarm = alarms()["LeaseOverdue"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (directive["Namespace"], directive["Metrics"][0]["Name"])
    assert alarm["Dimensions"] == [{"Name": "service", "Value": written["service"]}]
    assert directive["Dimensions"] == [["service"]]
    # The janitor counts every ten minutes.
    assert (alarm["Statistic"], alarm["Period"], written[alarm["MetricName"]]) == ("Maximum", 900, [2.0])


@pytest.mark.parametrize("slower", [True, False])
def test_a_run_that_finds_its_model_slower_is_counted_by_the_metric_that_its_alarm_waits_for(
    slower: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", SERVICE_NAME)

    metrics.write_measurement(from_json(Output, {**sample_output(), "regression": slower}), 300)

    (written,) = (line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "Regression" in line)
    (directive,) = written["_aws"]["CloudWatchMetrics"]
    alarm = alarms()["Regression"]
    assert alarm["MetricName"] == directive["Metrics"][0]["Name"]
    assert alarm["Dimensions"] == [{"Name": name, "Value": written[name]} for name in directive["Dimensions"][0]]
    assert (alarm["Statistic"], written["Regression"][0] >= alarm["Threshold"]) == ("Sum", slower)


def test_runs_that_fail_or_time_out_and_a_failing_janitor_raise_alarms() -> None:
    machine = machine_id()
    (janitor,) = (name for name in resources("AWS::Lambda::Function") if name.startswith("FunctionsJanitor"))

    watched = {
        name: (alarm["Namespace"], alarm["MetricName"], text(alarm["Dimensions"][0]["Value"]))
        for name, alarm in alarms().items()
    }

    assert watched["RunFailed"] == ("AWS/States", "ExecutionsFailed", f"<{machine}>")
    assert watched["RunTimedOut"] == ("AWS/States", "ExecutionsTimedOut", f"<{machine}>")
    batches = machine_id("BatchWorkflow")
    assert watched["BatchFailed"] == ("AWS/States", "ExecutionsFailed", f"<{batches}>")
    assert watched["BatchTimedOut"] == ("AWS/States", "ExecutionsTimedOut", f"<{batches}>")
    assert watched["JanitorFailed"] == ("AWS/Lambda", "Errors", f"<{janitor}>")


@pytest.mark.parametrize("context", [{}, STARTS_BY_ITSELF], ids=["default", "starting by itself"])
def test_every_dead_letter_queue_raises_an_alarm(context: dict[str, Any]) -> None:
    queues = resources("AWS::SQS::Queue", **context)
    working = {name for name, each in queues.items() if "RedrivePolicy" in each["Properties"]}

    watched = {
        text(alarm["Dimensions"][0]["Value"])
        for alarm in alarms(**context).values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }

    assert watched == {f"<{name}.QueueName>" for name in queues if name not in working}


def test_every_alarm_says_what_to_do_is_quiet_without_data_and_tells_the_topic() -> None:
    (topic,) = resources("AWS::SNS::Topic")

    for alarm in alarms(**STARTS_BY_ITSELF).values():
        assert len(alarm["AlarmDescription"]) > 80
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert [text(action) for action in alarm["AlarmActions"]] == [f"<{topic}>"]
    assert text(template()["Outputs"]["AlarmTopicArn"]["Value"]) == f"<{topic}>"


def test_alarms_of_this_account_may_publish_and_use_the_topics_key() -> None:
    of_topic = only("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    of_key = only("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    here = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}

    (publish,) = (each for each in of_topic if each["Effect"] == "Allow")
    assert publish["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (publish["Action"], publish["Condition"]) == ("sns:Publish", here)
    (use,) = (each for each in of_key if "Service" in each["Principal"])
    # Nothing but alarms: the Lambdas publish with their own rights, and no rule has the topic as its target.
    assert use["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (use["Action"], use["Condition"]) == (["kms:Decrypt", "kms:GenerateDataKey*"], here)


def test_an_address_subscribes_to_the_topic_and_by_default_nobody_does() -> None:
    subscription = only("AWS::SNS::Subscription", **OTHER_VALUES)

    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "me@example.com")
    assert resources("AWS::SNS::Subscription") == {}
