"""Page, e-mail and terminal give the same answer, whatever the verdict, and none of them contradicts it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import get_args

import pytest
from rich.console import Console, RenderableType

from iu_tuner.cli.terminal import render
from iu_tuner.cli.terminal.images import images_answer
from iu_tuner.contract.batch.output import BatchOutput, BatchVerdict
from iu_tuner.contract.batch.sentences import batch_sentence
from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.output.reading import parse_output
from iu_tuner.contract.output.result import MeasuredVerdict, Output
from iu_tuner.contract.output.sentences import receipt_sentence
from iu_tuner.formats import count
from lambdas.images.coverage import ImagesFound
from lambdas.images.image import TOO_LARGE_FOR_BYTES
from lambdas.models.lease import Lease
from lambdas.planning.demand import TrafficDemand
from lambdas.reports.email import batch_email, finished_email
from lambdas.reports.page.build import contents
from lambdas.reports.page.render import page
from lambdas.runs.run import Run
from lambdas.tuning.output import skipped
from simulation.samples.batch import BATCHES, batch_page, ended_batch
from simulation.samples.report import KINDS, played

SAMPLES: Mapping[str, str] = {  # verdict -> the sample run with it
    "ok": "ok",
    "throttles-below-max": "throttles-below-max",
    "latency-bound": "latency-bound",
    "not-saturated": "not-saturated",
    "windowed-quota": "windowed",
    "account-throttled": "account-throttled",
    "client-limited": "client-limited",
    "unstable": "unstable",
}


def terminal(output: Output) -> str:
    """The client's answer, read from the execution's output as it is in JSON."""
    return printed(render.answer(parse_output(to_json(output))))


def printed(parts: Iterable[RenderableType]) -> str:
    console = Console(file=io.StringIO(), width=100_000)
    for part in parts:
        console.print(part)
    written: io.StringIO = console.file  # type: ignore[assignment]
    return written.getvalue()


def told(verdict: str) -> tuple[Run, Output, dict[str, str]]:
    """A run with this verdict, its output, and the texts of page, e-mail and terminal."""
    (kind,) = (kind for kind in KINDS if kind.name == SAMPLES[verdict])
    run, steps, output = played(kind)
    shown = contents(run, steps, output, {})
    texts = [shown.summary.answer, shown.summary.next_action, shown.summary.evidence, *shown.summary.reasons]
    texts += [picture.sentence for picture in shown.pictures]
    texts += [f"{figure.name} {figure.value} {figure.note}" for figure in shown.summary.figures]
    return run, output, {"page": "\n".join(texts), "email": finished_email(output).body, "terminal": terminal(output)}


@pytest.fixture(scope="module", params=SAMPLES)
def answer(request: pytest.FixtureRequest) -> tuple[Run, Output, dict[str, str]]:
    run, output, texts = told(request.param)
    assert output.verdict == request.param
    return run, output, texts


def test_every_verdict_is_among_these() -> None:
    assert set(SAMPLES) == set(get_args(MeasuredVerdict))


def test_all_three_say_the_same_summary_and_reasons(answer: tuple[Run, Output, dict[str, str]]) -> None:
    _, output, texts = answer

    for where, text in texts.items():
        assert output.summary in text, where
        assert output.verdict_detail in text, where
        assert all(reason in text for reason in output.recommendation.reasons), where
    assert texts["email"].startswith(output.summary)
    assert texts["terminal"].startswith(output.summary)


def test_the_command_starts_the_recommended_units_and_is_in_all_three(
    answer: tuple[Run, Output, dict[str, str]],
) -> None:
    run, output, texts = answer
    steps = played(next(kind for kind in KINDS if kind.name == SAMPLES[output.verdict]))[1]
    shown, units = page(contents(run, steps, output, {})), output.recommendation.units

    if units is None:
        assert output.start_command is None
        assert "start-project-version" not in shown + texts["email"] + texts["terminal"]
        return
    assert output.start_command is not None
    assert f"--min-inference-units {units[0]}" in output.start_command
    assert (f"--max-inference-units {units[1]}" in output.start_command) == (units[1] > units[0])
    assert all(output.start_command in text for text in (shown, texts["email"], texts["terminal"]))
    assert count(units[1], "inference unit") in output.summary


def test_nothing_claims_more_than_the_verdict(answer: tuple[Run, Output, dict[str, str]]) -> None:
    _, output, texts = answer

    for text in texts.values():
        assert "safe side" not in text
        if output.verdict in ("not-saturated", "client-limited"):
            assert "at least" in text
            assert "busy at your peak" not in text
            assert "plan with this rate" not in text


def test_the_units_are_sized_by_the_rate_that_the_verdict_allows(answer: tuple[Run, Output, dict[str, str]]) -> None:
    run, output, _ = answer
    advice, clean = output.recommendation, output.clean_tps.rate
    if advice.units is None:
        assert (advice.sized_by, advice.utilization_at_average, advice.usd_per_month) == (None, None, None)
        return
    assert isinstance(run.demand, TrafficDemand)
    assert advice.sized_by == ("cleanTps" if output.verdict == "throttles-below-max" else "maxTps")
    rate = clean if advice.sized_by == "cleanTps" else output.max_tps.estimate
    assert rate is not None
    per_unit = rate / run.inference_units
    assert advice.table[0].tps == pytest.approx(per_unit, abs=0.01)
    assert advice.utilization_at_average == pytest.approx(run.demand.average_tps / advice.units[0] / per_unit, rel=0.01)
    assert advice.utilization_at_peak == pytest.approx(run.demand.peak_tps / advice.units[1] / per_unit, rel=0.01)
    assert (advice.utilization_at_peak or 99) <= 1.01
    assert advice.usd_per_month == pytest.approx(730 * 4 * advice.units[0])


def test_a_model_that_queues_gets_a_cap_for_the_concurrency_of_its_clients() -> None:
    run, output, texts = told("latency-bound")

    cap = output.recommendation.concurrency_per_inference_unit
    assert cap == next(step.concurrency for step in output.steps if step.phase == "latency") // run.inference_units
    for text in texts.values():
        assert f"at most {cap} requests in flight per inference unit" in text
    assert "concurrencyPerInferenceUnit" not in to_json(told("ok")[1])["recommendation"]


def test_a_run_with_late_sends_is_never_ok_and_says_what_happened() -> None:
    _, output, texts = told("client-limited")

    assert all(step.late_sends == 3 for step in output.steps if step.phase == "confirm")
    assert output.max_tps.high is None
    for text in texts.values():
        assert "of the evenly paced requests more than 50 ms late" in text
        assert "The load workers limited this rate, not the model" in text


def test_an_answer_from_few_of_the_images_says_so_in_its_summary() -> None:
    counted = ImagesFound("samples/", 35, {TOO_LARGE_FOR_BYTES: 30}, 35, is_estimate=False, listing_was_cut=False)
    run, steps, output = played(replace(KINDS[0], run={"images_counted": counted}))

    said = "30 of 35 images were left out as too large for bytes"
    assert said in output.summary
    assert said not in played(KINDS[0])[2].summary
    for text in (contents(run, steps, output, {}).summary.answer, finished_email(output).body, terminal(output)):
        assert output.summary in text


def test_every_verdict_of_a_batch_is_among_the_samples() -> None:
    assert {*BATCHES, "skipped"} == set(get_args(BatchVerdict))
    assert {name: ended_batch(name).verdict for name in BATCHES} == {name: name for name in BATCHES}


@pytest.mark.parametrize("verdict", BATCHES)
def test_all_three_say_the_same_of_a_batch(verdict: str) -> None:
    output = from_json(BatchOutput, to_json(ended_batch(verdict)))
    shown = batch_page(verdict).summary
    told = {
        "page": "\n".join((shown.answer, shown.verdict, shown.evidence, shown.receipt)),
        "email": batch_email(output).body,
        "terminal": printed(images_answer(output)),
    }

    assert output.model is not None
    for where, text in told.items():
        assert batch_sentence(output) in text, where
        assert output.verdict_detail in text, where
        assert verdict in text, where
        assert receipt_sentence(output.model) in text, where
    assert told["email"].startswith(batch_sentence(output))
    assert told["terminal"].startswith(batch_sentence(output))


def test_a_skipped_run_says_so_in_the_terminal() -> None:
    output = skipped("r-1", Lease("arn:m", "r-0", "", "2026-11-21T06:00:00Z", 90, "stop"))

    assert output.start_command is None
    (first, *_) = render.answer(parse_output(to_json(output)))
    assert (
        str(first) == output.summary == "Nothing was measured: the run r-0 holds the model since 2026-11-21T06:00:00Z."
    )


def test_an_output_of_an_earlier_version_gets_its_summary_from_its_numbers() -> None:
    _, output, _ = told("ok")
    old = to_json(output)
    for name in ("summary", "startCommand"):
        del old[name]
    for name in ("sizedBy", "utilizationAtAverage", "utilizationAtPeak", "usdPerMonth"):
        del old["recommendation"][name]
    old["recommendation"]["table"] = [
        {name: row[name] for name in ("inferenceUnits", "tps", "usdPerHour", "usdPer1000Images")}
        for row in old["recommendation"]["table"]
    ]

    shown = parse_output(old)

    assert shown.summary == "Start this model with 2 to 3 inference units: one carries 5.00 requests/s (4.89 to 5.11)."
    assert [render.units_table(shown.recommendation.table).row_count, shown.start_command] == [5, None]
