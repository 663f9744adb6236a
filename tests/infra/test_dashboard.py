"""The dashboard shows what the Lambdas write, by the names and dimensions that they write it with."""

import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from iu_tuner.contract.names import SERVICE_NAME
from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.output.live_run import Receipt
from iu_tuner.contract.output.result import Output
from lambdas.aws import logging as logs
from lambdas.reports import metrics
from lambdas.reports.run_summary import failed_row, finished_row
from lambdas.runs.failed_run import FailedRun
from simulation.samples.extras import COMPARED, DROPPED, SCALED
from simulation.samples.run import sample_output
from tests.infra.deployments import STARTS_BY_ITSELF
from tests.infra.synth import machine_id, only, resources, template, text
from tests.states.conftest import LambdaContext
from tests.support import past_traffic
from tests.unit.planning.test_advice import recommendation

RECEIPT = Receipt("finally", 0.0, "STOPPED", "STOPPED", 0.0, 95.0, 0.1, 0.4)

SEARCH = re.compile(r"SEARCH\('\{(?P<schema>[^}]+)\} MetricName=\"(?P<name>\w+)\"(?P<terms>[^']*)', '\w+', \d+\)")
Series = tuple[str, str, frozenset[str]]


def widgets(**context: object) -> list[dict[str, Any]]:
    body = json.loads(text(only("AWS::CloudWatch::Dashboard", **context)["DashboardBody"]))
    return list(body["widgets"])


def shown(**context: object) -> set[Series]:
    """(namespace, metric, names of its dimensions) of all that the graphs show."""
    rows = [row for widget in widgets(**context) for row in widget["properties"].get("metrics", [])]
    return {_series(row) for row in rows}


def _series(row: list[Any]) -> Series:
    if isinstance(row[0], dict):
        match = SEARCH.fullmatch(row[0]["expression"])
        assert match, row
        namespace, *dimensions = match["schema"].split(",")
        for dimension, value in re.findall(r'(\w+)="([^"]+)"', match["terms"]):
            assert (dimension, value) == ("service", SERVICE_NAME)
        return namespace, match["name"], frozenset(dimensions)
    namespace, name, *dimensions = (each for each in row if isinstance(each, str))
    return namespace, name, frozenset(dimensions[::2])


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> set[Series]:
    """The same, of all that the Lambdas write."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", SERVICE_NAME)
    metrics.count_failed_reports()
    answer = from_json(Output, sample_output())
    metrics.write_measurement(answer, 300)
    metrics.write_failed_run(FailedRun("r", answer.model_arn, "ModelLost", "gone", RECEIPT))
    metrics.count_unstopped("ModelStopFailed")
    metrics.count_overdue(1)
    metrics.count_failed_notifications()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {
        (directive["Namespace"], metric["Name"], frozenset(dimensions))
        for line in lines
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
        for dimensions in directive["Dimensions"]
    }


def test_every_metric_that_is_written_is_shown_and_no_other_is_looked_for(written: set[Series]) -> None:
    assert {series for series in shown() if series[0] == "InferenceUnitTuner"} == written
    assert len(written) == 14


def test_the_models_own_metrics_are_shown() -> None:
    of_model = frozenset({"ProjectName", "VersionName"})

    assert {series for series in shown() if series[0] == "AWS/Rekognition"} == {
        *(("AWS/Rekognition", f"{what}InferenceUnits", of_model) for what in ("Min", "Max", "Desired", "InService")),
        ("AWS/Rekognition", "ThrottledCount", frozenset({"Operation"})),
        ("AWS/Rekognition", "SuccessfulRequestCount", frozenset({"Operation"})),
    }


def test_the_machines_health_is_shown() -> None:
    of_machine = {name for namespace, name, _ in shown() if namespace == "AWS/States"}

    assert of_machine >= {"ExecutionsStarted", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionTime"}


@pytest.mark.parametrize("context", [{}, STARTS_BY_ITSELF], ids=["default", "starting by itself"])
def test_every_dead_letter_queue_and_every_alarm_is_on_it(context: dict[str, Any]) -> None:
    body = json.dumps(widgets(**context))

    queues = resources("AWS::SQS::Queue", **context).items()
    assert all(f"<{name}.QueueName>" in body for name, each in queues if "RedrivePolicy" not in each["Properties"])
    assert all(f"<{name}.Arn>" in body for name in resources("AWS::CloudWatch::Alarm", **context))


def test_a_text_says_what_to_look_at_and_links_to_runs_reports_and_models() -> None:
    (guide,) = (each["properties"]["markdown"] for each in widgets() if each["type"] == "text")
    machine = machine_id()
    (bucket,) = resources("AWS::S3::Bucket")

    links = dict(re.findall(r"\[([^]]+)\]\((https://[^)]+)\)", guide))
    assert links["All runs"].endswith(f"#/statemachines/view/<{machine}>")
    assert links["Reports"].endswith(f"buckets/<{bucket}>?prefix=reports/")
    assert "custom-labels" in links["Models"]
    assert len(guide) > 500


def test_the_runs_are_read_from_the_lines_that_the_states_log_which_end_them(logged_runs: Any) -> None:
    last, compared = (each["properties"]["query"] for each in widgets() if each["type"] == "log")

    assert sources(last) == ["FunctionsPublish", "FunctionsExplainFailure"]
    assert sources(compared) == ["FunctionsPublish"]
    for query in (last, compared):
        assert set(asked(query)) <= {*logged_runs["finished"], "@timestamp"}
        assert f'filter message = "{logged_runs["finished"]["message"]}"' in query
    assert logged_runs["failed"]["message"] == logged_runs["finished"]["message"]
    assert (logged_runs["failed"]["outcome"], logged_runs["failed"]["why"]) == ("ModelLost", "gone")
    assert logged_runs["finished"]["outcome"] == "ok"


def asked(query: str) -> list[str]:
    """The fields that it shows or filters by."""
    (shown_fields,) = re.findall(r"fields ([^|]+)", query)
    return [name.strip() for name in shown_fields.split(",")] + re.findall(r"ispresent\((\w+)\)", query)


@pytest.fixture
def logged_runs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The lines of a run with the largest output there is, and of one that failed, as Publish writes them."""
    answer, written = largest_output(), io.StringIO()
    monkeypatch.setattr(logs.logger.registered_handler, "stream", written)

    @logs.logged
    def handler(_event: dict[str, Any], _context: Any) -> None:
        logs.log_run(finished_row(answer))
        logs.log_run(failed_row(FailedRun("r", answer.model_arn, "ModelLost", "gone", RECEIPT)))

    handler({"runId": "r"}, LambdaContext())
    finished, failed, _ = (json.loads(line) for line in written.getvalue().splitlines())
    return {"finished": finished, "failed": failed}


def largest_output() -> Output:
    """Past demand, a comparison, a second measurement, earlier runs, and fifty images left out."""
    past = recommendation(past_traffic.office_hours())
    skipped = [{"key": f"samples/{n}.txt", "reason": "it is neither JPEG nor PNG"} for n in range(50)]
    answer = sample_output()
    answer |= {"recommendation": past, "images": {**answer["images"], "skipped": skipped}}
    return replace(from_json(Output, answer), **DROPPED, image_comparison=COMPARED, scaling=SCALED)


def fields(value: Any) -> int:
    """How many fields CloudWatch Logs Insights finds in it."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 if inside is None else sum(map(fields, inside))


def test_the_line_of_a_run_is_flat_and_small_however_large_its_output_is(logged_runs: Any) -> None:
    assert fields(to_json(largest_output())) > 200  # more than CloudWatch Logs Insights finds
    for line in logged_runs.values():
        assert fields(line) == len(line) <= 40


def sources(query: str) -> list[str]:
    """The Lambdas whose logs it reads."""
    return [re.sub("Logs.*", "", name) for name in re.findall(r"SOURCE '<(\w+)>'", query)]


def test_its_name_is_free_in_every_region_and_the_stack_tells_its_address() -> None:
    name = text(only("AWS::CloudWatch::Dashboard")["DashboardName"])

    assert name == "InferenceUnitTuner-<AWS::Region>"
    assert text(template()["Outputs"]["DashboardUrl"]["Value"]).endswith(f"#dashboards/dashboard/{name}")
