"""What a report says of each kind of run: the sentences, and why a picture is missing."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from lambdas.load.histogram import LatencyHistogram
from lambdas.models.rekognition.facts import FACTS
from lambdas.reports.page.build import contents
from lambdas.reports.page.html.contents import Contents, Picture
from lambdas.reports.page.sections.latencies import MAX_BARS, bars
from simulation.samples.report import KINDS, played, sample_contents


def report_of(name: str) -> Contents:
    (kind,) = (kind for kind in KINDS if kind.name == name)
    return sample_contents(kind)


def picture_of(report: Contents, name: str) -> Picture:
    (found,) = (each for each in report.pictures if each.name == name)
    return found


ANSWERS = {
    "past": "Start this model with 3 to 4 inference units: one carries 5.00 requests/s (4.89 to 5.11). "
    "4 units are 78 % busy at your peak; 5 are 63 % busy and cost $4.00 an hour more.",
    "past-never-idle": "Start this model with 1 inference unit: one carries 19.94 requests/s (19.77 to 20.10). "
    "1 unit is 52 % busy at your peak.",
    "applied": "This model now runs with 2 to 3 inference units: one carries 5.00 requests/s (4.89 to 5.11). "
    "3 units are 100 % busy at your peak; 4 are 75 % busy and cost $4.00 an hour more.",
    "ok": "Start this model with 2 to 3 inference units: one carries 5.00 requests/s (4.89 to 5.11). "
    "3 units are 100 % busy at your peak; 4 are 75 % busy and cost $4.00 an hour more.",
    "batch": "Start this model with 2 inference units: one carries 12.00 requests/s (11.88 to 12.12). "
    "The batch takes 37 min 30 s and $5.00.",
    "no-demand": "One inference unit of this model carries 20.00 requests/s (19.83 to 20.17).",
    "not-saturated": "Start this model with 1 inference unit: one carries at least 44.10 requests/s. "
    "Burst credit may be part of that rate: run again with a higher test.maxConcurrency to find the maximum.",
    "throttles-below-max": "Start this model with 1 to 2 inference units: one carries 13.74 evenly paced requests/s, "
    "and throttles above that (its maximum is 18.93 requests/s). 2 units are 55 % busy at your peak.",
    "latency-bound": "Start this model with 1 inference unit: one carries 20.17 requests/s (17.54 to 22.80). "
    "1 unit is 74 % busy at your peak. The model queues what it can't carry: let your clients have at most 16 requests "
    "in flight per inference unit.",
    "windowed-without-rate": "No rate could be measured, so no number of inference units follows.",
    "account-throttled": "Your account's quota lets 6.00 requests/s through; "
    "the rate of the model itself is not known yet.",
    "unstable": "No number of inference units can be recommended: the measurement is unstable.",
    "precise": "Start this model with 1 inference unit: one carries 6.00 requests/s (5.88 to 6.12). "
    "1 unit is 33 % busy at your peak.",
}


@pytest.mark.parametrize(("name", "sentence"), ANSWERS.items())
def test_the_answer_is_a_sentence(name: str, sentence: str) -> None:
    assert report_of(name).summary.answer == sentence


ACTIONS = {
    "ok": "Start the model with these numbers:",
    "no-demand": "Give demand.averageTps",
    "throttles-below-max": "let clients send at most 13.74 requests/s per 1 inference unit, evenly paced:",
    "not-saturated": "Run again with a higher test.maxConcurrency to find the maximum. Until then,",
    "latency-bound": "let your clients have at most 16 requests in flight per inference unit:",
    "windowed-without-rate": "Ask AWS support",
    "account-throttled": "Raise the account's quota",
    "unstable": "run again in precise mode",
    "given-back": "The model still runs as it was found. Stop it,",
    "applied": "Nothing: the run has started the model",
}


@pytest.mark.parametrize(("name", "action"), ACTIONS.items())
def test_there_is_always_something_to_do_next(name: str, action: str) -> None:
    assert action in report_of(name).summary.next_action


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_command_is_there_exactly_when_the_sentence_leads_up_to_it(kind) -> None:
    summary = sample_contents(kind).summary

    assert summary.next_action.endswith(":") == (summary.command is not None)


def test_the_command_starts_the_model_with_the_recommended_numbers() -> None:
    command = report_of("ok").summary.command

    assert command is not None
    assert command.startswith("aws rekognition start-project-version --region us-east-1 ")
    assert command.endswith(" --min-inference-units 2 --max-inference-units 3")


def test_a_command_quotes_what_a_shell_would_take_for_its_own() -> None:
    command = FACTS.start_command("arn:aws:rekognition:us-east-1:1:project/$(reboot)/version/v/1", 2, 3)

    assert "'arn:aws:rekognition:us-east-1:1:project/$(reboot)/version/v/1'" in command


MISSING = {
    ("quick", "latencies"): "a quick run does not look for it",
    ("not-saturated", "latencies"): "this run found none",
    ("windowed-without-rate", "latencies"): "without a rate there is nothing to pace requests by",
    ("windowed-without-rate", "units"): "No rate was measured",
    ("account-throttled", "units"): "The account's quota, not the inference units, limits you",
    ("unstable", "units"): "The measurement is unstable",
    (
        "past-unknown",
        "past",
    ): "CloudWatch knows of no requests to any model of this account and Region in the last 14 days",
    ("past-never-idle", "plan"): "No start-stop plan: the model is never idle for longer than a start takes",
    ("applied", "scaling"): "More than 1 inference unit was not measured",
}


@pytest.mark.parametrize(("where", "why"), MISSING.items())
def test_a_picture_that_is_missing_says_why(where: tuple[str, str], why: str) -> None:
    name, picture = where

    (found,) = (each for each in report_of(name).pictures if each.name == picture)

    assert found.chart is None
    assert why in found.sentence


SHOWN = {
    ("ok", "timeline"): "862 throttled. The line marks 5.00 requests/s, the most that the model carries",
    ("ok-fast", "timeline"): "11 failed otherwise",
    ("not-saturated", "timeline"): "a lower bound: the model may carry more",
    ("unstable", "timeline"): "no capacity to plan with",
    ("account-throttled", "timeline"): "what the account's quota let through",
    ("windowed-without-rate", "timeline"): "No line marks the model's capacity",
    ("ok", "concurrency"): "4 concurrent requests were the only number tried",
    ("demo", "concurrency"): "From 1 to 4 concurrent requests",
    ("ok-fast", "concurrency"): "bought throttles, not throughput",
    ("latency-bound", "concurrency"): "bought latency, not throughput",
    ("ok", "units"): "The peak demand of 15 requests/s takes 3 inference units ($12.00 an hour)",
    ("batch", "units"): "2 inference units carry 24.00 requests/s and the batch through in 37 min 30 s for $5.00",
    ("no-demand", "units"): "No demand was given to compare them with",
    ("not-saturated", "units"): "They start from a lower bound",
    (
        "past",
        "past",
    ): "over 100 hours of service: 10.79 requests/s on average, and 99 % of the minutes had 15.68 requests/s "
    "or fewer. 4 inference units would have carried 100 % of these minutes in full, and 100 % of the requests. "
    "Scaling by itself between 3 and 4, the model would have throttled 0.15 % of them, if it takes 5 minutes to go up "
    "and 15 to go down: that is assumed",
    ("past-never-idle", "past"): "The recommendation adds 20 % of headroom to both rates",
    ("besides", "units"): "what each of 2 units was measured to carry, 94 % of one alone",
    ("besides", "scaling"): "94 % of twice what one carries",
    ("besides", "images"): "send the images themselves",
    ("ok", "latencies"): "half of 61 answers took 171 ms or less, 95 % took 239 ms or less",
}
# A single bar, and bars in a straight line: a sentence, and a table, say it better.
SAID_ALONE = {("ok", "concurrency"), ("no-demand", "units")}


@pytest.mark.parametrize(("where", "said"), SHOWN.items())
def test_a_picture_says_what_it_shows_of_this_run(where: tuple[str, str], said: str) -> None:
    name, picture = where

    (found,) = (each for each in report_of(name).pictures if each.name == picture)

    assert (found.chart is None) == (where in SAID_ALONE)
    assert said in found.sentence


def test_the_time_line_has_every_second_of_every_step_and_gaps_between_them() -> None:
    run, steps, answer = played(KINDS[1])

    chart = picture_of(contents(run, steps, answer, {}), "timeline").chart

    assert chart is not None
    spans = chart["steps"]
    assert [span["number"] for span in spans] == [0, 1, 2, 3, 4, 5]
    assert all(before["to"] < after["from"] for before, after in itertools.pairwise(spans))
    for outcome in ("accepted", "throttled", "failed"):
        assert sum(sum(span[outcome]) for span in spans) == getattr(answer.requests, outcome)
    assert {len(spans[3][name]) for name in ("accepted", "throttled", "failed")} == {12}


def test_a_step_whose_workers_were_all_lost_is_left_out_of_the_pictures_and_told_in_the_table() -> None:
    run, steps, answer = played(KINDS[0])
    lost = replace(steps[1], number=9, counts=replace(steps[1].counts, workers=[]))

    report = contents(run, [*steps, lost], answer, {})

    chart = picture_of(report, "timeline").chart
    assert chart is not None
    assert 9 not in [span["number"] for span in chart["steps"]]
    assert "1 worker never reported" in report.tables[0].note


def test_neighbouring_latencies_share_a_bar_and_none_is_lost() -> None:
    histogram = LatencyHistogram()
    for milliseconds in (5, 50, 51, 400, 9000):
        histogram.add(milliseconds / 1000)

    drawn = bars(histogram)

    assert sum(bar["count"] for bar in drawn) == 5
    assert len(drawn) <= MAX_BARS
    assert all(before["to"] == after["from"] for before, after in itertools.pairwise(drawn))


@pytest.mark.parametrize(
    ("status", "said", "tone"),
    [
        ("STOPPED", "The model is stopped: its status was read back as STOPPED (it was STOPPED before).", "good"),
        (
            "RUNNING",
            "The model was left RUNNING, as the run was to leave it (it was STOPPED before): it costs",
            "caution",
        ),
        ("TRAINING_COMPLETED", "The model is stopped: its status was read back as TRAINING_COMPLETED", "good"),
        ("DELETED", "The model version was deleted, so it costs nothing.", "good"),
    ],
)
def test_the_receipt_says_how_the_model_was_left_and_whether_it_costs_money(status: str, said: str, tone: str) -> None:
    run, steps, answer = played(KINDS[0])
    answer = replace(answer, model=replace(answer.model, status_after=status))

    summary = contents(run, steps, answer, {}).summary

    assert summary.receipt.startswith(said)
    assert "In this run it ran from 2026-11-21T06:" in summary.receipt
    assert summary.receipt_tone == tone


def test_a_model_that_is_left_running_has_its_price_in_the_receipt() -> None:
    assert "it costs $8.00 an hour." in report_of("applied").summary.receipt


def test_the_tables_hold_the_errors_the_images_the_input_and_the_versions() -> None:
    report = report_of("ok-fast")
    by_name = {table.name: table for table in report.tables}

    assert list(by_name) == ["steps", "errors", "images", "skipped", "costs", "input", "versions", "words"]
    assert ("InternalServerError", "11", "0.4%", "the service failed; not the model's capacity") in by_name[
        "errors"
    ].rows
    assert len(by_name["images"].rows) == 12
    assert by_name["skipped"].rows[0][0] == "samples/notes.txt"
    assert ("demand.peakTps", "150") in by_name["input"].rows
    assert ("images.bucket", "inferenceunittuner-images") in by_name["input"].rows
    assert [part for part, _ in by_name["versions"].rows] == ["Inference Unit Tuner", "Python", "botocore"]


def test_more_skipped_images_than_are_listed_are_told_by_their_number() -> None:
    run, steps, answer = played(KINDS[0])
    answer = replace(answer, images=replace(answer.images, skipped_total=5000))

    (skipped,) = (table for table in contents(run, steps, answer, {}).tables if table.name == "skipped")

    assert skipped.note == "1 of 5,000 are shown."
