"""What not every report has: past demand, the start-stop plan, earlier runs, measurements besides, and failures."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest

from iu_tuner.contract.errors import NAMES as ERRORS
from iu_tuner.contract.output.measured import IntervalOutput, NotMeasured
from iu_tuner.contract.output.result import ComparedWith, RateChange
from lambdas.load.counts import StepCounts
from lambdas.reports.page.build import contents
from lambdas.reports.page.html.contents import Contents, Note, Picture
from lambdas.reports.page.sections.demand import MAX_POINTS, points
from lambdas.reports.page.sections.failed_run import ERRORS as TOLD
from lambdas.reports.page.sections.failed_run import failure_contents
from lambdas.runs.failed_run import FailedRun
from simulation.samples.extras import COMPARED, DROPPED, SCALED, before
from simulation.samples.report import KINDS, failed_contents, played
from simulation.samples.run import INPUT
from tests.support.past_traffic import history, spikes


def report_of(name: str, **more: Any) -> Contents:
    (kind,) = (kind for kind in KINDS if kind.name == name)
    run, steps, answer = played(kind)
    return contents(run, steps, replace(answer, **more), {}, kind.past)


def picture_of(name: str, picture: str, **more: Any) -> Picture:
    (found,) = (each for each in report_of(name, **more).pictures if each.name == picture)
    return found


def notes_of(**more: Any) -> tuple[Note, ...]:
    return report_of("ok", **more).summary.notes


def test_a_run_that_was_asked_for_nothing_more_has_no_part_of_it() -> None:
    report = report_of("ok")

    assert [each.name for each in report.pictures] == ["units", "timeline", "concurrency", "latencies"]
    assert report.summary.notes == ()


class TestPastDemand:
    def test_a_point_keeps_the_busiest_of_its_minutes_and_the_mean_of_all(self) -> None:
        drawn = points(spikes(days=14, tps=20))

        assert len(drawn["average"]) == len(drawn["busiest"]) <= MAX_POINTS
        assert set(drawn["busiest"]) == {1.0, 20.0}
        assert sum(drawn["average"]) / len(drawn["average"]) == pytest.approx(1 + 19 / 60, rel=0.01)

    def test_time_in_which_the_model_did_not_run_is_a_hole_and_no_zero(self) -> None:
        drawn = points(history([60, None, 0, 120]))

        assert drawn["busiest"] == [1.0, None, 0.0, 2.0]
        assert drawn["together"] == 1

    @pytest.mark.parametrize("minutes", [1, 719, 720, 721, 21_600])
    def test_every_length_of_history_is_drawn_to_its_end(self, minutes: int) -> None:
        drawn = points(history([60] * minutes))

        assert len(drawn["busiest"]) <= MAX_POINTS
        assert 0 <= len(drawn["busiest"]) * drawn["together"] - minutes < drawn["together"]

    def test_average_percentile_and_what_units_carry_are_drawn_in(self) -> None:
        chart = picture_of("past", "past").chart

        assert chart is not None
        assert [(each["of"], each["text"]) for each in chart["levels"]] == [
            ("demand", "average 10.79/s"),
            ("demand", "99 % of the minutes ≤ 15.68/s"),
            ("units", "3 units carry 15.00/s"),
            ("units", "4 units carry 20.00/s"),
        ]

    def test_the_busiest_hours_and_what_units_would_have_made_of_them_are_tables(self) -> None:
        busiest, scaled = picture_of("past", "past").tables

        assert busiest.rows[0] == ("Friday, 13:00 to 14:00", "93,072", "12.93", "16.13")
        assert [row[0] for row in scaled.rows] == ["Always 3", "Scaling from 3 to 4", "Always 4"]
        assert scaled.rows[2][1:] == ("0 %", "4", "$11,680.00")

    def test_where_no_number_follows_the_past_is_drawn_without_units(self) -> None:
        absent = ("min_inference_units", "max_inference_units", "carried", "auto_scaling", "plan")
        without: dict[str, Any] = dict.fromkeys(absent)
        advice = replace(played(kind_of("past"))[2].recommendation, **without)

        picture = picture_of("past", "past", recommendation=advice, tps_per_inference_unit=None)

        assert picture.chart is not None
        assert {each["of"] for each in picture.chart["levels"]} == {"demand"}
        assert "would have carried" not in picture.sentence


def kind_of(name: str) -> Any:
    return next(kind for kind in KINDS if kind.name == name)


class TestStartStop:
    def test_hours_dollars_and_entries_to_paste_are_there(self) -> None:
        plan = picture_of("past", "plan")
        hours, costs = plan.tables
        commands, again = plan.snippets

        assert hours.rows[0] == ("Monday 08:00", "Monday 18:00", "3", "4")
        assert [row[0] for row in costs.rows] == ["With this plan", "Never stopped", "Saved"]
        assert json.loads(again.text)[0]["input"]["demand"]["fromCloudWatchDays"] == 14
        words = shlex.split(commands.text, comments=True)
        assert words.count("create-schedule") == 2
        assert words[words.index("--schedule-expression") + 1] == "cron(40 7 ? * MON-FRI *)"
        target = json.loads(words[words.index("--target") + 1])
        assert target["Arn"] == "arn:aws:scheduler:::aws-sdk:rekognition:startProjectVersion"
        assert target["RoleArn"] == "$ROLE"
        assert json.loads(target["Input"])["MinInferenceUnits"] == 3

    def test_a_batch_has_a_plan_too(self) -> None:
        hours, _ = picture_of("batch", "plan").tables

        assert hours.rows == (("Every day 00:00", "0.75 h later", "2", "2"),)


class TestEarlierRuns:
    def test_a_drop_is_told_first_with_both_runs_and_what_to_do(self) -> None:
        (note,) = notes_of(**DROPPED)

        assert (note.title, note.tone) == ("Slower than before", "bad")
        assert note.text.startswith(
            "An inference unit carries 7.0 % less than in the last run of this model (14 November 2026)"
        )
        assert "as much as in the last run of the version before (12 March 2026)" in note.text
        assert "look at what changed" in note.text
        assert note.table is not None
        assert [row[1] for row in note.table.rows] == ["sample-ok", "last-monday", "spring-cleaning"]
        assert note.table.rows[1][6] == "-7.0 %"

    @pytest.mark.parametrize(
        ("change", "percent", "title", "tone"),
        [
            ("risen", 9.0, "Faster than before", "good"),
            ("within", -0.8, "The same as before", "good"),
            (None, 3.0, "Not compared with earlier runs", "caution"),
        ],
    )
    def test_other_changes_have_words_of_their_own(
        self, change: RateChange | None, percent: float, title: str, tone: str
    ) -> None:
        compared = ComparedWith(before(change, percent), None)

        (note,) = notes_of(compared_with=compared, regression_detail="Not compared: unstable.")

        assert (note.title, note.tone) == (title, tone)
        assert (note.text == "Not compared: unstable.") == (change is None)

    def test_a_first_run_says_nothing(self) -> None:
        assert notes_of(compared_with=ComparedWith(None, None), regression_detail="None.") == ()


class TestMeasuredBesides:
    def test_a_bar_stands_for_each_way_and_size_with_its_interval(self) -> None:
        images = picture_of("ok", "images", image_comparison=COMPARED)

        assert images.chart is not None
        assert [" ".join(bar["label"]) for bar in images.chart["bars"]] == [
            "sent as bytes",
            "named in S3",
            "small images",
            "medium images",
            "large images",
        ]
        assert images.tables[0].rows[1][3:] == ("4.60", "4.51 to 4.69", "244", "330")
        assert images.tables[0].title == "Measured at 16 concurrent requests"

    def test_what_was_not_measured_says_why(self) -> None:
        without = replace(COMPARED, sources=COMPARED.sources[:1], not_measured=(NotMeasured("s3", "no time"),))

        assert picture_of("ok", "images", image_comparison=without).tables[0].note == "Not measured: s3: no time"

    def test_nothing_measured_draws_nothing(self) -> None:
        none = replace(COMPARED, sources=(), sizes=(), detail="The images are all alike.")

        picture = picture_of("ok", "images", image_comparison=none)

        assert (picture.chart, picture.sentence) == (None, "The images are all alike.")

    def test_more_units_stand_beside_what_was_expected_of_them(self) -> None:
        scaling = picture_of("ok", "scaling", scaling=SCALED)

        assert scaling.chart is not None
        assert [bar["estimate"] for bar in scaling.chart["bars"]] == [5.0, 10.0, 9.4]
        assert scaling.tables[0].note.endswith("Measured was 94 % of it (91 % to 97 %).")

    def test_units_that_add_up_in_proportion_are_counted_on_as_such(self) -> None:
        proportional = replace(SCALED, efficiency=IntervalOutput(0.99, 0.95, 1.03))

        said = picture_of("ok", "units", scaling=proportional).sentence

        assert "grows in step with the number of units: this run measured 2 units, too, and they carried 99 %" in said

    def test_a_lower_bound_has_no_upper_end(self) -> None:
        bound = replace(SCALED, max_tps=replace(SCALED.max_tps or IntervalOutput(None, None, None), high=None))

        assert picture_of("ok", "scaling", scaling=bound).tables[0].rows[2][2] == "at least 9.21"


def test_steps_of_a_measurement_besides_are_in_the_time_line_and_the_table_and_in_no_other_picture() -> None:
    run, steps, answer = played(KINDS[0])
    main = contents(run, steps, answer, {})
    extra = [
        replace(
            step,
            number=step.number + len(steps),
            start_at=step.start_at + 100,
            counts=StepCounts(replace(step.counts.plan, lanes=99, series="s3"), step.counts.workers),
        )
        for step in steps[1:]
    ]

    report = contents(run, [*steps, *extra], answer, {})

    for alone, beside in zip(main.pictures, report.pictures, strict=True):
        assert (alone.chart == beside.chart) == (alone.name != "timeline"), alone.name
    assert [row[1] for row in report.tables[0].rows][-3:] == ["ramp (s3)", "confirm, paced (s3)", "look again (s3)"]


class TestHandedOn:
    def test_an_answer_that_was_applied_leaves_nothing_to_do_but_costs_on(self) -> None:
        summary = report_of("applied").summary

        assert summary.command is None
        assert (summary.receipt_tone, "costs $8.00 per hour from now on, up to $12.00" in summary.receipt) == (
            "caution",
            True,
        )

    def test_one_that_was_not_applied_or_not_handed_on_says_why(self) -> None:
        notes = notes_of(
            applied=False, applied_detail="It was not.", answer_parameter=None, answer_parameter_detail="No /a"
        )

        assert [(note.text, note.tone) for note in notes] == [("It was not.", "caution"), ("No /a.", "caution")]


class TestAFailedRun:
    def test_it_says_what_happened_what_to_do_how_the_model_was_left_and_what_was_measured(self) -> None:
        report = failed_contents()

        assert report.summary.verdict == "The model stopped under test (ModelLost)"
        assert report.summary.evidence.startswith("The model is STOPPED though")
        assert report.summary.next_action == "Find out who stopped it, then run again."
        assert (report.summary.receipt_tone, "is stopped" in report.summary.receipt) == ("good", True)
        assert "40.18 requests/s, measured by the time the run ended, and not confirmed" in report.pictures[0].sentence
        assert [table.name for table in report.tables] == ["steps", "errors", "input", "versions", "words"]
        assert "result.json" not in report.data

    def test_every_error_of_the_contract_has_words_and_something_to_do(self) -> None:
        assert set(TOLD) == ERRORS

    def test_a_run_that_ended_before_it_began_has_a_page_too(self) -> None:
        failed = FailedRun("r", None, "InvalidInput", "modelArn: got nothing; takes an ARN", None)

        report = failure_contents(failed, None, [], {})

        assert (report.summary.model, list(report.pictures)) == ("no model", [])
        assert "neither started nor stopped" in report.summary.receipt

    def test_a_model_that_was_not_seen_stopped_is_an_alarm(self) -> None:
        failed = FailedRun("r", INPUT["modelArn"], "ModelStopFailed", "it stays", None, is_settled=False)

        assert failure_contents(failed, None, [], {}).summary.receipt_tone == "bad"
