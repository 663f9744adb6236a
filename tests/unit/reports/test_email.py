"""What people read of a run that is over, whatever the run, and whatever hostile names it has."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from iu_tuner.contract.errors import NAMES
from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.live_run import Receipt
from iu_tuner.contract.output.result import MeasuredVerdict, Output
from iu_tuner.contract.output.sentences import summarized
from lambdas.models.lease import Lease
from lambdas.reports import email as message
from lambdas.reports.email import Message
from lambdas.runs.failed_run import FailedRun
from lambdas.tuning.output import skipped
from simulation.samples.batch import batch_output
from simulation.samples.run import INPUT, sample_output

ARN = INPUT["modelArn"]
STOPPED = Receipt("finally", 1_795_241_495.0, "STOPPED", "STOPPED", 1_795_241_400.0, 1_795_241_495.0, 0.0264, 0.1056)
HOSTILE = "a\r\nBcc: everybody\u2028\u202egnp.exe\x1b[31m\x00\ud800\u0436"


def output(**changed: Any) -> Output:
    return from_json(Output, {**sample_output(), **changed})


def unsaturated() -> dict[str, Any]:
    return {**sample_output()["maxTps"], "high": None}


def no_advice() -> dict[str, Any]:
    return {"minInferenceUnits": None, "maxInferenceUnits": None, "reasons": ["It is unstable"], "table": []}


def failed(**changed: Any) -> FailedRun:
    return dataclasses.replace(FailedRun("r-1", ARN, "ModelLost", "it went away", STOPPED), **changed)


class TestTheAnswer:
    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            (
                {},
                "Start this model with 2 to 3 inference units: one carries 5.00 requests/s (4.89 to 5.11). "
                "3 units are 100 % busy at your peak; 4 are 75 % busy and cost $4.00 an hour more.",
            ),
            (
                {"maxTps": unsaturated(), "verdict": "not-saturated"},
                "Start this model with 2 to 3 inference units: one carries at least 5.00 requests/s. "
                "Burst credit may be part of that rate: run again with a higher test.maxConcurrency to find the "
                "maximum.",
            ),
            (
                {"recommendation": no_advice()},
                "No number of inference units follows from this run, in which one carries "
                "5.00 requests/s (4.89 to 5.11).",
            ),
            (
                {"tpsPerInferenceUnit": None, "recommendation": no_advice()},
                "No rate could be measured, so no number of inference units follows.",
            ),
            (
                {"inferenceUnits": 2, "tpsPerInferenceUnit": 2.5},
                "Start this model with 2 to 3 inference units: one carries 2.50 requests/s (2.44 to 2.56). "
                "3 units are 100 % busy at your peak; 4 are 75 % busy and cost $4.00 an hour more.",
            ),
        ],
    )
    def test_it_begins_with_units_and_rate(self, changed: Mapping[str, Any], sentence: str) -> None:
        assert summarized(output(**changed)).summary == sentence

    @pytest.mark.parametrize(
        ("least", "most", "said"),
        [(1, 1, "1 inference unit:"), (4, 4, "4 inference units:"), (None, None, "One inference unit of this model")],
    )
    def test_one_unit_equal_numbers_and_no_demand_have_words_of_their_own(
        self, least: int | None, most: int | None, said: str
    ) -> None:
        advice = sample_output()["recommendation"] | {"minInferenceUnits": least, "maxInferenceUnits": most}

        assert said in summarized(output(recommendation=advice)).summary

    def test_a_skipped_run_says_that_nothing_was_measured(self) -> None:
        holder = Lease(ARN, "r-0", "", "2026-11-21T06:00:00Z", 90, "stop")

        assert skipped("r-1", holder).summary.startswith("Nothing was measured")


class TestAFinishedRun:
    def test_it_tells_answer_verdict_reasons_cost_receipt_and_where_the_result_is(self) -> None:
        told = message.finished_email(output(reportUri="s3://b/reports/r/report.html"))

        assert told.subject == ("Inference Unit Tuner: ok, 5.00 TPS per inference unit: bees/bees.2021-03-11T15.23.39")
        assert told.body.splitlines()[:2] == [output().summary, output().start_command]
        for said in (
            "Verdict: ok. Saturated at 4 concurrent requests",
            "Recommended inference units: 2 at least, 3 at most",
            "  - Minimum 2: average demand 6 TPS",
            "Cost of this run: $0.11 (0.0264 inference unit hours at $4).",
            "The model is stopped: its status was read back as STOPPED (it was STOPPED before).",
            "from 2026-11-21T06:10:00.000Z to 2026-11-21T06:11:35.000Z: 0.0264 inference unit hours, $0.11.",
            "Report: s3://b/reports/r/report.html",
            "Result: s3://inferenceunittuner-images/reports/monday-morning/result.json",
            "Run: monday-morning",
            f"Model: {ARN}",
        ):
            assert said in told.body

    @pytest.mark.parametrize("verdict", get_args(MeasuredVerdict))
    @pytest.mark.parametrize("advice", [sample_output()["recommendation"], no_advice()], ids=["advice", "none"])
    def test_every_verdict_has_its_message(self, verdict: str, advice: dict[str, Any]) -> None:
        told = message.finished_email(output(verdict=verdict, recommendation=advice, maxTps=unsaturated()))

        assert verdict in told.subject
        assert f"Verdict: {verdict}. " in told.body
        assert all(reason in told.body for reason in advice["reasons"])
        require_well_formed(told)

    def test_a_regression_is_in_the_subject_and_each_thing_besides_has_its_line(self) -> None:
        plan = {"sentence": "On for 50 hours."}
        told = message.finished_email(
            output(
                regression=True,
                regressionDetail="It has dropped.",
                recommendation=sample_output()["recommendation"] | {"plan": plan},
                imageComparison={"detail": "Bytes are faster."},
                scaling={"detail": "Two carry twice as much."},
                appliedDetail="The model runs.",
                answerParameter="/units/bees/answer",
                reportUri=None,
                reportDetail="No page.",
            )
        )

        assert "5.00 TPS per inference unit, SLOWER than before: bees/" in told.subject
        for line in (
            "REGRESSION: It has dropped.",
            "Start and stop: On for 50 hours.",
            "Images: Bytes are faster.",
            "More inference units: Two carry twice as much.",
            "Applied: The model runs.",
            "Answer as SSM parameter: /units/bees/answer",
            "No report: No page.",
        ):
            assert line in told.body.splitlines()
        assert "Report:" not in told.body
        require_well_formed(told)

    def test_a_run_without_a_regression_says_what_it_was_compared_with(self) -> None:
        body = message.finished_email(output()).body

        assert "Compared: TPS per inference unit is as in the last run of this model" in body

    def test_a_model_that_was_given_back_is_said_to_cost_money(self) -> None:
        left = sample_output()["model"] | {"statusBefore": "RUNNING", "statusAfter": "RUNNING"}

        body = message.finished_email(output(model=left)).body

        assert "was left RUNNING, as the run was to leave it (it was RUNNING before): it costs money" in body
        assert "is stopped" not in body


class TestAFailedRun:
    @pytest.mark.parametrize("error", [*sorted(NAMES), "ABORTED", "TIMED_OUT"])
    def test_every_error_has_its_message(self, error: str) -> None:
        told = message.failed_email(failed(error=error))

        assert told.subject.startswith(f"Inference Unit Tuner: FAILED with {error}: bees/")
        assert told.body.startswith(f"The run failed with {error}: it went away\n")
        assert "The model is stopped" in told.body
        assert "Report:" not in told.body
        require_well_formed(told)

    def test_it_says_where_the_page_is(self) -> None:
        uri = "s3://b/reports/r-1/report.html"

        assert f"Report: {uri}" in message.failed_email(failed(report_uri=uri)).body.splitlines()

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"is_settled": False}, "was NOT seen stopped and may still cost money"),
            ({"receipt": None}, "neither started nor stopped it"),
            ({"receipt": None, "is_receipt_known": False}, "could not be read"),
            ({"receipt": dataclasses.replace(STOPPED, status_after="DELETED")}, "was deleted"),
            ({"receipt": dataclasses.replace(STOPPED, status_after="RUNNING")}, "it costs money"),
        ],
    )
    def test_it_says_whether_the_model_is_stopped(self, changed: dict[str, Any], said: str) -> None:
        body = message.failed_email(failed(**changed)).body

        assert said in body
        assert "is stopped:" not in body

    def test_one_that_named_no_model_says_so(self) -> None:
        told = message.failed_email(failed(model_arn=None, receipt=None, error="InvalidInput"))

        assert told.subject.endswith(": no model")
        assert "Model: none was named" in told.body

    def test_a_model_that_the_safety_net_settled_is_told_of_as_stopped(self) -> None:
        told = message.cleaned_up_email(failed(error="ModelStopFailed"), STOPPED)

        assert "model settled after a failed run" in told.subject
        assert "failed with ModelStopFailed" in told.body
        assert "The model is stopped" in told.body


@pytest.mark.parametrize(
    "told",
    [
        message.failed_email(failed(run_id=HOSTILE, error=HOSTILE, cause=HOSTILE * 1000)),
        message.failed_email(failed(model_arn=HOSTILE)),
        message.failed_email(failed(model_arn=ARN.replace("bees", "b" * 255))),
        message.finished_email(output(runId=HOSTILE, verdict=HOSTILE, verdictDetail=HOSTILE)),
        message.finished_email(output(modelArn=f"{ARN}\nBcc: everybody")),
        message.cleaned_up_email(failed(run_id=HOSTILE, error=HOSTILE), STOPPED),
    ],
)
def test_hostile_names_write_no_line_of_the_message(told: Message) -> None:
    require_well_formed(told)
    assert not [line for line in told.body.splitlines() if line.startswith("Bcc:")]


def require_well_formed(told: Message) -> None:
    assert 0 < len(told.subject) <= 100
    assert told.subject.isascii() and told.subject.isprintable()
    assert told.body.replace("\n", "").replace("\u0436", "").isprintable()
    assert len(told.body.encode()) < 200_000


class TestABatch:
    def test_it_says_what_became_of_the_images_and_where_they_are(self) -> None:
        told = message.batch_email(batch_output())

        assert "batch partial, 42 of 54 images" in told.subject
        assert "42 of 54 images processed, 10 were current, 2 failed at 4.93 images/s for $12.34." in told.body
        assert "The images alone would cost $12.00 at the measured rate." in told.body
        assert "  - in/<a>.jpg: InvalidImageFormatException: no image" in told.body
        assert "Failed images: s3://b/batches/batch-1/failed.jsonl" in told.body
        assert "STOPPED" in told.body

    def test_a_batch_without_failures_names_none(self) -> None:
        told = message.batch_email(batch_output(failures=(), verdict="complete"))

        assert "failed.jsonl" not in told.body
        assert "first failed images" not in told.body
