"""What the client says fits where it is read: a terminal of 80 columns, or a log that has no width."""

from __future__ import annotations

import pytest
from rich.text import Text

from iu_tuner.cli.aws.runs_table import PastRun
from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import answer, history_table, progress
from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.live_run import LiveProgress, LiveRun
from iu_tuner.contract.output.reading import parse_output
from simulation.samples.run import sample_output

SENTENCE = "A model of two inference units carries twice as much, and never more than that, " * 3
WORD = "s3://bucket/" + "a-long-name/" * 10
STEP = {
    "phase": "confirm",
    "series": "scaling",
    "concurrency": 1024,
    "workers": 128,
    "seconds": 120.5,
    "accepted": 12345,
    "throttled": 12345,
    "failed": 123,
    "acceptedTps": 123.45,
    "p50Ms": 1234.5,
}


@pytest.fixture
def in_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")


@pytest.mark.usefixtures("in_terminal")
def test_a_terminal_gets_whole_words(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(as_json=False)

    screen.say(SENTENCE)
    screen.tell(Text(SENTENCE))

    for printed in capsys.readouterr():
        lines = printed.splitlines()
        assert max(map(len, lines)) <= 80
        assert {word for line in lines for word in line.split()} == set(SENTENCE.split())


@pytest.mark.usefixtures("in_terminal")
def test_what_has_no_spaces_stays_whole_to_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(as_json=False).say(f"Report: {WORD}")

    assert WORD in capsys.readouterr().err


@pytest.mark.usefixtures("in_terminal")
def test_the_command_of_the_answer_stays_on_its_line_to_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    output = parse_output(sample_output())

    Screen(as_json=False).tell(*answer(output))

    assert output.start_command is not None
    assert len(output.start_command) > 80
    assert output.start_command in capsys.readouterr().out.splitlines()


def test_a_log_gets_a_sentence_as_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(as_json=False).say(SENTENCE)

    assert capsys.readouterr().err.strip() == SENTENCE.strip()


@pytest.mark.usefixtures("in_terminal")
def test_the_heads_of_the_steps_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    done = from_json(LiveProgress, {"steps": [STEP]})
    snapshot = Snapshot({"status": "SUCCEEDED"}, LiveRun("stopped", done, None))

    Screen(as_json=False).tell(progress(snapshot))

    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert {"in", "flight", "workers", "seconds", "accepted", "throttled", "failed", "TPS"} <= set(printed.split())
    assert {"1024", "128", "120.5", "12345", "123", "123.45", "1234.5", "confirm"} <= set(printed.split())


@pytest.mark.usefixtures("in_terminal")
def test_in_a_narrow_terminal_a_row_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    past = {"startedAt": "2026-11-21T06:00:00.000Z", **sample_output(), "runId": "cli-20261121T060000-a1b2c3"}

    Screen(as_json=False).tell(history_table([PastRun(past)]))

    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 40
    assert "run: cli-20261121T060000-a1b2c3; verdict: ok;" in " ".join(printed.split())


@pytest.mark.parametrize(("columns", "term"), [("40", "xterm"), ("80", "dumb")])
def test_where_nothing_can_be_drawn_upon_each_change_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str, term: str
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", term)

    with Screen(as_json=False) as screen:
        screen.show(Snapshot({"status": "RUNNING"}, LiveRun("starting", None, None)))
        printed = capsys.readouterr().err

    assert "starting the model" in printed


def test_names_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    past = {"startedAt": "2026-11-21T06:00:00.000Z", **sample_output(), "runId": "[red]:bee:[/]"}

    Screen(as_json=False).tell(history_table([PastRun(past)]))

    assert "[red]:bee:[/]" in capsys.readouterr().out


@pytest.mark.usefixtures("in_terminal")
def test_the_heads_of_the_history_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    past = {"startedAt": "2026-11-21T06:00:00.000Z", **sample_output(), "runId": "cli-20261121T060000-a1b2c3"}

    Screen(as_json=False).tell(history_table([PastRun(past)]))

    printed = capsys.readouterr().out
    words = set(printed.split())
    assert max(map(len, printed.splitlines())) <= 80
    assert {"started", "(UTC)", "run", "verdict", "IUs", "TPS", "recommended", "USD"} <= words
    assert "…" not in printed
