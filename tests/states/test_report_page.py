"""The page beside a run's data: there for every run that ended, and nothing that a run could fail for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.aws.table import dynamodb_client
from lambdas.models.lease import Lease
from lambdas.planning.history_store import HistoryItems
from lambdas.reports import publishing as report_page
from lambdas.runs.progress import Progress
from lambdas.runs.receipt import make_receipt
from lambdas.runs.store import run_store
from simulation.samples.report import KINDS, played
from simulation.samples.run import STARTED_AT
from tests.states.conftest import BUCKET, TABLE, Stack

LOST = {"Error": "Runtime.HandlerError", "Cause": '{"errorMessage": "ModelLost: it went away"}'}


@pytest.fixture
def measured(stack: Stack) -> Callable[[str], str]:
    """A run of that kind up to the stop of its model, as the handlers would have left it in the table; its ARN."""

    def measure(name: str) -> str:
        (kind,) = (kind for kind in KINDS if kind.name == name)
        run, steps, answer = played(kind)
        run = replace(run, run_id=stack.run_id)
        store, progress = (run_store(stack.run_id), Progress(running_since=STARTED_AT, stopped_at=STARTED_AT + 95))
        store.create(run)
        store.save_progress(progress)
        for step in steps:
            store.plan_step(step.number, step.counts.plan, step.start_at, step.lead_s)
            for worker, counts in enumerate(step.counts.workers):
                store.put_counts(step.number, worker, counts)
        if kind.past is not None:
            HistoryItems(dynamodb_client(), TABLE).save(run.run_id, kind.past)
        store.save_measurement(replace(answer, run_id=run.run_id))
        lease = Lease(run.model_arn, run.run_id, "", run.started_at, 90, "stop", status_found="STOPPED")
        receipt = make_receipt(lease, (run, progress), "STOPPED", by="finally", now=STARTED_AT + 95)
        store.save_receipt(receipt, phase="stopped", is_final=True)
        return run.model_arn

    return measure


def kept(stack: Stack, name: str) -> str:
    body: str = stack.s3.get_object(Bucket=BUCKET, Key=f"reports/{stack.run_id}/{name}")["Body"].read().decode()
    return body


def broken_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no page can be made."""

    def fail(_: Any) -> str:
        raise KeyError("tps")

    monkeypatch.setattr(report_page, "page", fail)


def refusing_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no page is taken."""

    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")

    monkeypatch.setattr(report_page.page_client(), "put_object", refuse)


def counted(capsys: pytest.CaptureFixture[str], metric: str) -> bool:
    return any('"_aws"' in line and f'"{metric}"' in line for line in capsys.readouterr().out.splitlines())


class TestAnAnswer:
    def test_the_page_of_past_demand_draws_the_history_that_prepare_kept(
        self, stack: Stack, measured: Callable[[str], str]
    ) -> None:
        measured("past")

        answer = stack.publish()

        html = kept(stack, "report.html")
        assert answer["reportUri"] == f"s3://{BUCKET}/reports/{stack.run_id}/report.html"
        assert "reportDetail" not in answer
        assert "99 % of the minutes had 15.68 requests/s or fewer" in html
        data = json.loads(html.partition('id="data">')[2].partition("</script>")[0])
        assert max(filter(None, data["past"]["busiest"])) > 15

    @pytest.mark.parametrize("breaks", [broken_page, refusing_bucket])
    def test_a_page_that_cannot_be_made_or_kept_costs_the_run_nothing_and_is_seen(
        self,
        stack: Stack,
        measured: Callable[[str], str],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
        breaks: Callable[[pytest.MonkeyPatch], None],
    ) -> None:
        measured("ok")
        breaks(monkeypatch)

        answer = stack.publish()

        assert (answer["verdict"], answer["reportUri"]) == ("ok", None)
        assert answer["reportDetail"].startswith("The report's page could not be made, or not kept: ")
        assert json.loads(kept(stack, "result.json")) == answer
        assert stack.run_item()["phase"] == "finished"
        assert [each.levelname for each in caplog.records].count("ERROR") == 1
        assert counted(capsys, "ReportNotMade")


class TestAFailure:
    def test_its_page_says_why_what_to_do_how_the_model_was_left_and_what_was_measured(
        self, stack: Stack, measured: Callable[[str], str]
    ) -> None:
        arn = measured("ok-fast")

        stack.explain(LOST, {"modelArn": arn})

        html = kept(stack, "report.html")
        for said in ("This run failed", "It went away", "Find out who stopped it", "The model is stopped", "ramp"):
            assert said in html

    def test_an_input_that_was_refused_has_a_page_too(self, stack: Stack) -> None:
        stack.explain({"Error": "Runtime.HandlerError", "Cause": '{"errorMessage": "InvalidInput: no modelArn"}'})

        assert "neither started nor stopped it" in kept(stack, "report.html")

    @pytest.mark.parametrize("breaks", [broken_page, refusing_bucket])
    def test_a_page_that_cannot_be_made_or_kept_hides_no_error(
        self,
        stack: Stack,
        measured: Callable[[str], str],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        breaks: Callable[[pytest.MonkeyPatch], None],
    ) -> None:
        arn = measured("ok")
        breaks(monkeypatch)

        assert stack.explain(LOST, {"modelArn": arn}) == {"error": "ModelLost", "cause": "it went away"}
        assert counted(capsys, "ReportNotMade")
