"""No word is broken in a terminal of 80 columns: progress, answer, status, thresholds, help."""

from __future__ import annotations

import io
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import get_args

import click
import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.main import cli, main
from iu_tuner.cli.models.evaluation import Evaluation
from iu_tuner.cli.terminal.images import batch_progress
from iu_tuner.cli.terminal.render import PHASES, answer, progress, thresholds_table
from iu_tuner.cli.terminal.times import RunTimes
from iu_tuner.contract.batch.live_batch import LiveBatch, LiveBatchRun
from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.live_run import CurrentEstimate, CurrentStep, LiveProgress, LiveRun
from iu_tuner.contract.output.measured import StepOutput
from iu_tuner.contract.output.reading import parse_output
from iu_tuner.exit_codes import Exit
from lambdas.load.step import Phase, Series
from simulation.samples.run import sample_output
from tests.unit.cli.aws_stub import MODEL

WIDTH = 80
LARGE = {"workers": 128, "seconds": 120.5, "accepted": 12345, "throttled": 12345, "failed": 123}


def printed(part: RenderableType, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def words(text: str) -> set[str]:
    """The words without rules, and without the spinner, which turns between two prints."""
    return set(text.replace("─", " ").split()) - set("-\\|/")


def assert_whole(part: RenderableType) -> None:
    """The words in 80 columns are those in a terminal where everything has its place."""
    narrow, wide = printed(part, WIDTH), printed(part, 1000)
    assert max(map(len, narrow.splitlines())) <= WIDTH
    assert words(narrow) == words(wide), narrow


def snapshot(phase: str, step: str, series: str | None) -> Snapshot:
    rows = tuple(
        from_json(StepOutput, {"phase": each, "concurrency": 1024, "acceptedTps": 123.45, "p50Ms": 1234.5, **LARGE})
        for each in ("probe", step)
    )
    under_way = CurrentStep(12, step, 2048, 128, series, 8.0, 120.0, 125.0, 110.0, 1234.5)
    done = LiveProgress(1234567, 1234567, 12345, rows, under_way, CurrentEstimate(1234.56, 1134.56, 1334.56))
    execution = {"status": "RUNNING", "input": json.dumps({"modelArn": MODEL})}
    return Snapshot(execution, LiveRun(phase, done, None))


@pytest.mark.parametrize(
    ("step", "series"), [*itertools.product(get_args(Phase), [None]), *(("compare", each) for each in get_args(Series))]
)
def test_progress(step: str, series: str | None) -> None:
    for phase in PHASES if series is None else ("measuring",):
        seen = snapshot(phase, step, series)
        times = RunTimes()
        for each in (Snapshot(seen.execution, None), seen):
            times.update(each, 0.0, datetime.now(UTC))
        for now in (5.0, 100.0, 5000.0) if phase == "measuring" else (5000.0,):
            assert_whole(progress(seen, partial(times.sentence, now)))


def test_the_progress_of_a_batch_which_says_what_has_elapsed() -> None:
    live = LiveBatch(123_456, 12_345, 23_456, 123, 12, 123.45, 0.0, None, 123.45, 12.5, 4.0)
    execution = {"status": "RUNNING", "input": json.dumps({"task": "process", "modelArn": MODEL})}
    seen, times = Snapshot(execution, LiveBatchRun("processing", None, None, live)), RunTimes()
    times.update(seen, 0.0, datetime.now(UTC))

    shown = progress(seen, partial(times.sentence, 65.0))

    assert_whole(shown)
    assert "35,801 of 123,456 images have a result" in printed(shown, 1000)
    assert "1:05 elapsed" in printed(shown, WIDTH)


def test_once_each_image_has_an_outcome_no_rate_is_said_that_would_fall() -> None:
    live = LiveBatch(60, 0, 58, 2, 1, 5.0, began_at=1000.0, usd_per_unit_hour=4.0)

    assert batch_progress(live, 1030.0) == "58 of 60 images have a result, 2 failed"
    open_ = batch_progress(replace(live, failed=0), 1029.0)
    assert open_ == "58 of 60 images have a result, 2.00 images/s (40 % of measured), about 1.0 s and $0.00 left"


def test_the_answer() -> None:
    output = parse_output(sample_output())
    for part in answer(output):
        is_command = isinstance(part, Text) and part.no_wrap
        if not is_command:  # a command stays on its line, to be copied in one piece
            assert_whole(part)


def test_thresholds() -> None:
    metrics = {"Threshold": 0.98795, "F1Score": 0.97943, "Precision": 0.98196, "Recall": 0.97692}
    label = {"Label": "yellow-jacket", "Metrics": metrics, "NumberOfTestingImages": 12345}

    assert_whole(thresholds_table(Evaluation.parse({"LabelEvaluationResults": [label], **metrics})))


@pytest.mark.parametrize("name", ["", *cli.commands])
def test_help_has_whole_lines_and_each_command_examples(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))

    assert main([name, "--help"] if name else ["--help"]) == Exit.OK
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= WIDTH
    assert f"\n  Examples:\n    iu-tuner {name or 'run'} " in said


def test_examples_name_options_that_are_there() -> None:
    for name, command in cli.commands.items():
        commands = [*command.commands.values()] if isinstance(command, click.Group) else [command]
        parameters = [each for one in commands for each in one.params]
        known = {option for each in parameters if isinstance(each, click.Option) for option in each.opts}
        shown = [word for word in str(command.epilog).split() if word.startswith("--") and word != "--timeout"]
        assert set(shown) <= known, name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(
    shell: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_IU_TUNER_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", "iu-tuner th")
    monkeypatch.setenv("COMP_CWORD", "1" if shell != "fish" else "th")
    monkeypatch.setattr("iu_tuner.cli.main.discard", lambda _: None)

    main([])

    assert "thresholds" in capfd.readouterr().out
