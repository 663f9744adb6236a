"""The client from its arguments to its exit code, on an AWS that the test lays out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest

from iu_tuner.cli import main as tune
from iu_tuner.cli.__main__ import listen_to_signals
from iu_tuner.cli.aws import stack as deployed
from iu_tuner.cli.aws.runs_table import PastRun, RunsTable
from iu_tuner.cli.session import interrupts as breaking_off
from iu_tuner.cli.session import polling as following
from iu_tuner.cli.terminal import render as view
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.exit_codes import Exit
from lambdas.cleanup import cleanup as settlement
from lambdas.models.lease import Lease
from lambdas.tuning.output import skipped
from simulation.samples.run import sample_output
from tests.unit.cli.aws_stub import MACHINE, MODEL, OUTPUTS, RECEIPT, Aws, refused
from tests.unit.reports.sample_serve import SERVED, SKIPPED

OUTPUT = sample_output()
SERVES = MACHINE.replace("Tuner", "Serve")
ANSWERED = {"output": json.dumps(OUTPUT)}
MEASURING = {"phase": "measuring"}
SETTLED = {"phase": "stopped", "receipt": json.dumps(asdict(RECEIPT))}
HOLDER = Lease(MODEL, "the-other", "arn:of:the-other", "2026-11-21T06:00:00Z", 90, "stop")

Invoke = Callable[..., int]


@pytest.fixture
def tuned(monkeypatch: pytest.MonkeyPatch) -> Invoke:
    def invoke(aws: Aws, *arguments: str) -> int:
        monkeypatch.setattr(deployed, "open_session", lambda *_: aws)
        for module in (following, breaking_off):
            monkeypatch.setattr(module, "PAUSE_S", 0.0)
        aws.has_run = arguments[0] == "follow" or "theirs" in arguments
        return tune.main(arguments)

    return invoke


def test_without_arguments_the_commands_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert tune.main([]) == Exit.USAGE
    assert "Commands:" in "".join(capsys.readouterr())


def test_a_second_measurement_is_asked_for_told_and_paid_for(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    told = {**OUTPUT, "scaling": {"detail": "Measured at 2 inference units: 10.00 TPS."}}
    aws = Aws(["SUCCEEDED"], {"output": json.dumps(told)})

    tuned(aws, "run", MODEL, "--verify-scaling")

    said = capsys.readouterr()
    assert json.loads(aws.started[0]["input"])["test"] == {"verifyScaling": True}
    assert "about $1.00: 1 x $4/h for some 5 minutes (standard), and again with 2" in said.err
    assert "Scaling: Measured at 2 inference units: 10.00 TPS." in said.out


def interrupt() -> str:
    raise KeyboardInterrupt


def test_a_comparison_of_images_is_asked_for_and_told(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    output = {**OUTPUT, "imageComparison": {"detail": "For these images bytes is the faster way."}}
    aws = Aws(["RUNNING", "SUCCEEDED"], {"output": json.dumps(output)})

    code = tuned(aws, "run", MODEL, "--compare-images", "--mode", "quick")

    said = capsys.readouterr()
    assert code == Exit.OK
    assert json.loads(aws.started[0]["input"])["images"] == {"compare": True}
    assert "will cost about $0.30" in said.err
    assert "Images compared: For these images bytes is the faster way." in said.out


def test_a_run_with_an_answer_ends_with_0(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    aws = Aws(["RUNNING", "RUNNING", "SUCCEEDED"], ANSWERED)

    code = tuned(aws, "run", MODEL, "--name", "monday", "--mode", "quick", "--peak-tps", "15")

    said = capsys.readouterr()
    assert code == Exit.OK
    assert json.loads(aws.started[0]["input"]) == {
        "modelArn": MODEL,
        "demand": {"peakTps": 15.0},
        "test": {"mode": "quick"},
    }
    assert aws.started[0]["name"] == "monday"
    assert "will cost about $0.20" in said.err
    assert "Start this model with 2 to 3 inference units" in said.out
    assert "one carries 5.00 requests/s (4.89 to 5.11)" in said.out
    assert "Cost of the run: $0.11" in said.out
    assert "The model is stopped: its status was read back as STOPPED (it was STOPPED before)" in said.out


def test_with_json_stdout_is_only_the_output(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    tuned(Aws(["SUCCEEDED"], ANSWERED), "run", MODEL, "--json")

    assert json.loads(capsys.readouterr().out) == OUTPUT


@pytest.mark.parametrize(
    ("asserted", "code"), [("tpsPerInferenceUnit>=4", Exit.OK), ("tpsPerInferenceUnit>=6", Exit.ASSERTION)]
)
def test_assertions_decide(tuned: Invoke, tmp_path: Path, asserted: str, code: Exit) -> None:
    junit = tmp_path / "junit.xml"
    aws = Aws(["SUCCEEDED"], ANSWERED)

    ended = tuned(aws, "run", MODEL, "--assert", "verdict==ok", "--assert", asserted, "--junit", str(junit))

    assert ended == code
    root = ElementTree.parse(junit).getroot()
    assert (root.attrib["tests"], root.attrib["failures"]) == ("3", str(int(code == Exit.ASSERTION)))


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_whoever_reads_along_may_leave_and_the_run_ends_as_ever(tmp_path: Path, more: list[str]) -> None:
    script, junit = tmp_path / "client.py", tmp_path / "junit.xml"
    options = [*more, "--assert", "verdict==ok", "--assert", "tpsPerInferenceUnit>=5", "--junit", str(junit)]
    script.write_text(
        "import sys\n"
        "from iu_tuner.cli import main as tune\n"
        "from iu_tuner.cli.aws import stack as deployed\n"
        "from iu_tuner.cli.session import polling as following\n"
        "from tests.unit.cli.aws_stub import MODEL, Aws\n"
        f"aws = Aws(['RUNNING', 'SUCCEEDED'], {ANSWERED!r}, has_run=False)\n"
        "deployed.open_session = lambda *_: aws\n"
        "following.PAUSE_S = 0.0\n"
        f"sys.exit(tune.main(['run', MODEL, *{options!r}]))\n",
        "utf-8",
    )
    reader, writer = os.pipe()
    os.close(reader)

    code = subprocess.call(
        [sys.executable, str(script)], stdout=writer, stderr=writer, env={**os.environ, "PYTHONPATH": os.getcwd()}
    )

    os.close(writer)
    assert code == Exit.OK
    assert ElementTree.parse(junit).getroot().attrib["tests"] == "3"


def test_a_skipped_run_says_who_holds_the_model(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    aws = Aws(["SUCCEEDED"], {"output": json.dumps(to_json(skipped("monday", HOLDER)))})

    code = tuned(aws, "run", MODEL, "--assert", "tpsPerInferenceUnit>=4")

    assert code == Exit.SKIPPED
    assert "The run the-other has been testing this model since 2026-11-21T06:00:00Z" in capsys.readouterr().out


def test_a_failed_run_tells_error_cause_and_receipt(
    tuned: Invoke, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = {"error": "ModelLost", "cause": "it stopped \x1b[31mby itself"}
    aws = Aws(["RUNNING", "FAILED"], ended, run=SETTLED)

    code = tuned(aws, "run", MODEL, "--json", "--junit", str(tmp_path / "junit.xml"))

    said = capsys.readouterr()
    told = json.loads(said.out)
    assert code == Exit.RUN_FAILED
    assert "ModelLost: it stopped \ufffd[31mby itself" in said.err
    assert "The model is stopped: its status was read back as STOPPED (it was STOPPED before)" in said.err
    assert (told["error"], told["model"]["statusAfter"]) == ("ModelLost", "STOPPED")
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().attrib["errors"] == "1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", MODEL, "--mode", "fast"], 'InvalidInput: test.mode: got "fast"; takes "quick", "standard"'),
        (["run", "a-model"], "modelArn: got"),
        (["run"], "modelArn: got nothing"),
        (["run", MODEL, "--assert", "tps>=4"], "--assert: got"),
        (["run", MODEL, "--max-cost-usd", "0.01"], "BudgetExceeded"),
        (["run", MODEL, "--name", "two words"], "--name: got two words"),
        (["process", MODEL, "--prefix", "new/", "--name", "two words"], "--name: got two words"),
        (["run", MODEL, "--junit", "/no/such/folder/junit.xml"], "--junit: there is no folder"),
        (["run", MODEL, "--input", "no-such-file.json"], "--input: no-such-file.json is no readable JSON"),
        (["run", MODEL, "--no-wait", "--assert", "verdict==ok"], "--no-wait"),
        (["run", MODEL, "--timeout", "soon"], "'soon' is not a valid float"),
        (["run", MODEL, "--timeout", "nan"], "nan is no number of minutes"),
        (["run", MODEL, "--timeout", "inf"], "inf is no number of minutes"),
        (["run", MODEL, "--name", "theirs"], "--name: a run theirs exists already"),
        (["walk", MODEL], "No such command"),
        (["history", "a-model"], 'InvalidInput: modelArn: got "a-model"; takes the ARN of a Rekognition'),
        (["follow", MODEL], "RUN: got arn:aws:rekognition:"),
        (["follow", "arn:of-nothing"], "RUN: got arn:of-nothing; takes"),
        (["follow", "two words"], "RUN: got two words; takes"),
        (["follow", ""], "RUN: got ; takes"),
        (["run", MODEL, "--input", ""], "--input: got nothing: the argument after it is empty"),
        (["run", MODEL, "--name="], "--name: got nothing"),
        (["run", MODEL, "--prefix", "\udcff"], '--prefix: got "\\udcff", which is no UTF-8'),
        (["run", MODEL, "--mode", "\udcc3\udcbc"], 'test.mode: got "ü"; takes'),
    ],
)
def test_what_is_wrong_is_refused_before_anything_starts(
    tuned: Invoke, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    aws = Aws(["SUCCEEDED"], ANSWERED)

    assert tuned(aws, *arguments) == Exit.USAGE
    assert aws.started == []
    assert arguments[0] == "run" or aws.asked_for == []
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", MODEL.replace("eu-west-1", "us-east-1")], "which is in account 123456789012, Region us-east-1"),
        (["history", MODEL.replace("1234", "9999")], "this tuner is in account 123456789012, Region eu-west-1"),
        (["follow", "arn:aws:states:us-east-1:123456789012:execution:Tuner:monday"], "takes an execution of arn:aws:s"),
        (["follow", "arn:aws:states:eu-west-1:123456789012:execution:Other:monday"], "takes an execution of arn:aws:s"),
    ],
)
def test_what_another_account_region_or_machine_has_is_refused(
    tuned: Invoke, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    aws = Aws(["SUCCEEDED"], ANSWERED)

    assert tuned(aws, *arguments) == Exit.USAGE
    assert aws.started == []
    assert said in capsys.readouterr().err


def test_an_input_file_is_sent_with_the_flags_over_it(tuned: Invoke, tmp_path: Path) -> None:
    whole = tmp_path / "input.json"
    whole.write_text(json.dumps({"modelArn": MODEL, "test": {"mode": "precise", "inferenceUnits": 2}}), "utf-8")
    aws = Aws(["SUCCEEDED"], ANSWERED)

    tuned(aws, "run", "--input", str(whole), "--mode", "quick")

    assert json.loads(aws.started[0]["input"])["test"] == {"mode": "quick", "inferenceUnits": 2}


def test_ctrl_c_stops_the_run_and_waits_for_the_receipt(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    aws = Aws(["RUNNING", interrupt], run=MEASURING, settled_as=SETTLED, lease_looks=3)

    code = tuned(aws, "run", MODEL, "--name", "monday", "--json")

    said = capsys.readouterr()
    assert code == Exit.INTERRUPTED
    assert aws.stopped == ["arn:aws:states:eu-west-1:123456789012:execution:Tuner:monday"]
    assert aws.lease_looks < 0
    assert "was interrupted and was stopped; its model is settled" in said.err
    assert json.loads(said.out)["model"]["statusAfter"] == "STOPPED"


def test_a_run_stopped_before_it_touched_the_model_has_no_receipt_to_wait_for(
    tuned: Invoke, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tuned(Aws(["RUNNING", interrupt]), "run", MODEL) == Exit.INTERRUPTED
    assert "before it had touched the model" in capsys.readouterr().err


def test_a_model_that_is_not_settled_in_time_is_the_worst_end(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(breaking_off, "CLEANED_UP_WITHIN_S", 0.05)
    aws = Aws(["RUNNING", interrupt], run=MEASURING, settled_as=SETTLED, lease_looks=10**9)

    assert tuned(aws, "run", MODEL) == Exit.NOT_SETTLED
    assert "may still cost money" in capsys.readouterr().err


def test_an_answer_that_comes_before_the_stop_is_told(tuned: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(["RUNNING", interrupt, "SUCCEEDED"], ANSWERED)
    monkeypatch.setattr(aws, "stop_execution", lambda **_: {})

    assert tuned(aws, "run", MODEL) == Exit.OK


@pytest.mark.parametrize(("answer", "stopped"), [(True, 1), (False, 0), (KeyboardInterrupt, 1)])
def test_somebody_at_a_terminal_is_asked(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: Any, stopped: int
) -> None:
    def confirm(*_: Any, **__: Any) -> bool:
        return answer if isinstance(answer, bool) else bool(interrupt())

    monkeypatch.setattr(Screen, "is_interactive", property(lambda _: True))
    monkeypatch.setattr(click, "confirm", confirm)
    aws = Aws(["RUNNING", interrupt], run=MEASURING, settled_as=SETTLED)

    code = tuned(aws, "run", MODEL, "--name", "monday", "--stack", "Mine")

    assert code == Exit.INTERRUPTED
    assert len(aws.stopped) == stopped
    said = " ".join(capsys.readouterr().err.split())
    follow_it = "follow monday --stack Mine --region eu-west-1"
    assert ("the model is settled" in said or "its model is settled" in said) == bool(stopped)
    assert (follow_it in said) == (not stopped)


def sigterm() -> str:
    raise breaking_off.Terminated


@pytest.mark.parametrize("phase", [*settlement._PHASES.values(), "finished", "failed"])
def test_a_run_past_measuring_is_not_stopped_and_its_answer_is_waited_for(
    tuned: Invoke, capsys: pytest.CaptureFixture[str], phase: str
) -> None:
    aws = Aws(["RUNNING", interrupt, "RUNNING", "SUCCEEDED"], ANSWERED, run={"phase": phase})

    code = tuned(aws, "run", MODEL, "--name", "monday", "--json", "--assert", "verdict==ok")

    said = capsys.readouterr()
    assert code == Exit.OK
    assert aws.stopped == []
    assert json.loads(said.out) == OUTPUT
    assert f"measuring is over ({view.PHASES[phase]}): waiting for the answer" in said.err
    assert "to leave it to itself: iu-tuner follow monday --region eu-west-1" in said.err


@pytest.mark.parametrize(
    ("statuses", "more"), [(["RUNNING", sigterm, "RUNNING"], []), (["RUNNING"] * 2000, ["--timeout", "0.0001"])]
)
def test_neither_sigterm_nor_a_timeout_throws_an_answer_away(
    tuned: Invoke, capsys: pytest.CaptureFixture[str], statuses: list[Any], more: list[str]
) -> None:
    aws = Aws([*statuses, "SUCCEEDED"], ANSWERED, run={"phase": "stopping"})

    assert tuned(aws, "run", MODEL, *more) == Exit.OK
    assert aws.stopped == []
    assert "measuring is over (stopping the model)" in capsys.readouterr().err


@pytest.mark.parametrize("again", [interrupt, sigterm])
def test_asked_again_the_client_leaves_a_run_past_measuring_to_itself(
    tuned: Invoke, capsys: pytest.CaptureFixture[str], again: Any
) -> None:
    aws = Aws(["RUNNING", interrupt, "RUNNING", again], run={"phase": "stopping"})

    assert tuned(aws, "run", MODEL, "--name", "monday", "--json") == Exit.INTERRUPTED
    said = capsys.readouterr()
    assert aws.stopped == []
    assert json.loads(said.out)["error"] == "Detached"
    assert "the run goes on; follow it again" in said.err


def test_a_run_that_is_past_measuring_once_the_question_is_answered_is_not_stopped(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = Aws(["RUNNING", interrupt, "SUCCEEDED"], ANSWERED, run=MEASURING)

    def confirm(*_: Any, **__: Any) -> bool:
        aws.run = {"phase": "stopping"}
        return True

    monkeypatch.setattr(Screen, "is_interactive", property(lambda _: True))
    monkeypatch.setattr(click, "confirm", confirm)

    assert tuned(aws, "run", MODEL) == Exit.OK
    assert aws.stopped == []


def test_a_further_ctrl_c_before_the_run_was_looked_at_loses_nothing(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = Aws(["RUNNING", interrupt, "SUCCEEDED"], ANSWERED, run={"phase": "stopping"})
    looked, interrupted = aws.get_item, [interrupt]

    def get_item(**request: Any) -> dict[str, Any]:
        if len(aws.statuses) == 1 and interrupted:
            interrupted.pop()()
        return looked(**request)

    monkeypatch.setattr(aws, "get_item", get_item)

    assert tuned(aws, "run", MODEL) == Exit.OK
    assert aws.stopped == []


def test_sight_lost_while_waiting_for_the_answer_is_told_as_ever(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(following, "PATIENCE_S", 0.05)
    aws = Aws(["RUNNING", interrupt, refused("InternalFailure")], run={"phase": "stopping"})

    assert tuned(aws, "run", MODEL, "--json") == Exit.AWS
    assert json.loads(capsys.readouterr().out)["error"] == "LostSight"


def test_a_follower_leaves_a_run_past_measuring_without_being_asked(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Screen, "is_interactive", property(lambda _: True))
    monkeypatch.setattr(click, "confirm", lambda *_, **__: pytest.fail("asked"))
    aws = Aws(["RUNNING", "RUNNING", interrupt], run={"phase": "stopping"})

    assert tuned(aws, "follow", "theirs", "--region", "eu-west-1") == Exit.INTERRUPTED
    assert aws.stopped == []


def test_a_timeout_stops_the_run(tuned: Invoke) -> None:
    aws = Aws(["RUNNING"], run=MEASURING, settled_as=SETTLED)

    assert tuned(aws, "run", MODEL, "--timeout", "0.0001") == Exit.TIMEOUT
    assert len(aws.stopped) == 1


@pytest.mark.parametrize("more", [["--timeout", "0.0001"], []])
def test_a_run_of_somebody_else_is_left_alone(tuned: Invoke, more: list[str]) -> None:
    aws = Aws(["RUNNING", "RUNNING"] if more else ["RUNNING", interrupt])

    code = tuned(aws, "follow", "theirs", "--region", "eu-west-1", *more)

    assert code == (Exit.TIMEOUT if more else Exit.INTERRUPTED)
    assert aws.stopped == aws.started == []


def test_following_a_run_that_has_ended_shows_its_answer(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    arn = "arn:aws:states:eu-west-1:123456789012:execution:Tuner:monday"

    code = tuned(Aws(["SUCCEEDED"], ANSWERED), "follow", arn, "--json", "--assert", "verdict==ok")

    assert code == Exit.OK
    assert json.loads(capsys.readouterr().out) == OUTPUT


def test_a_run_that_somebody_else_ended_is_watched_until_its_model_is_settled(
    tuned: Invoke, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = Aws(["RUNNING", "RUNNING", "TIMED_OUT"], run=SETTLED, lease_looks=2)

    assert tuned(aws, "follow", "theirs") == Exit.RUN_FAILED
    assert aws.lease_looks < 0
    assert "the execution ended as TIMED_OUT; its model is settled" in capsys.readouterr().err


@pytest.mark.parametrize("run", [f"{SERVES.replace(':stateMachine:', ':execution:')}:uploads-1", "uploads-1"])
def test_a_run_for_uploads_is_followed_to_its_answer(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], run: str
) -> None:
    aws = Aws(["SUCCEEDED"], {"output": json.dumps(to_json(SERVED))}, stack={**OUTPUTS, "ServeStateMachineArn": SERVES})
    found, asked = aws.describe_execution, list[str]()

    def describe(executionArn: str) -> dict[str, Any]:
        asked.append(executionArn)
        if not executionArn.startswith(SERVES.replace(":stateMachine:", ":execution:")):
            raise refused("ExecutionDoesNotExist")
        return found(executionArn)

    monkeypatch.setattr(aws, "describe_execution", describe)

    assert tuned(aws, "follow", run) == Exit.OK
    said = capsys.readouterr()
    assert SERVED.sentence in said.out
    assert f"Verdict: served. {SERVED.verdict_detail}" in said.out
    assert "The model is stopped" in said.out
    tuned(aws, "follow", run, "--json")
    assert json.loads(capsys.readouterr().out) == to_json(SERVED)


def test_a_run_that_is_not_there_can_t_be_followed(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    aws = Aws([refused("ExecutionDoesNotExist")])

    assert tuned(aws, "follow", "nobody") == Exit.USAGE
    assert "there is no run nobody" in capsys.readouterr().err


def test_an_aws_that_stammers_is_asked_again(tuned: Invoke) -> None:
    # Right after its start a run may not be known yet.
    aws = Aws([refused("ExecutionDoesNotExist"), refused("InternalFailure"), "SUCCEEDED"], ANSWERED)

    assert tuned(aws, "run", MODEL) == Exit.OK


def test_an_aws_that_falls_silent_is_told_with_the_way_back(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(following, "PATIENCE_S", 0.05)

    assert tuned(Aws([refused("InternalFailure")]), "run", MODEL, "--name", "monday") == Exit.AWS
    assert "iu-tuner follow monday --region eu-west-1" in " ".join(capsys.readouterr().err.split())


def test_without_credentials_or_stack_nothing_is_started(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    nobody, other = Aws([], stack=None), Aws([], stack={"Other": "output"})

    assert tuned(nobody, "run", MODEL) == tuned(other, "run", MODEL) == Exit.AWS
    said = capsys.readouterr().err
    assert "the stack InferenceUnitTuner can't be read in eu-west-1: Unable to locate credentials" in said
    assert "is not (or not completely) an Inference Unit Tuner" in said


def test_a_run_can_be_left_to_itself(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    aws = Aws([])

    assert tuned(aws, "run", MODEL, "--name", "monday", "--no-wait", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["runId"] == "monday"


def test_a_log_gets_a_line_for_each_change(tuned: Invoke, capsys: pytest.CaptureFixture[str]) -> None:
    step = {"number": 2, "phase": "ramp", "concurrency": 8, "workers": 1}
    so_far = {
        "accepted": 20,
        "throttled": 3,
        "failed": 0,
        "steps": [],
        "step": step,
        "estimate": {"tps": 5.0, "low": 4.9, "high": 5.1},
    }
    run = {"phase": "measuring", "liveProgress": json.dumps(so_far)}

    tuned(Aws(["RUNNING"] * 5 + ["SUCCEEDED"], ANSWERED, run=run), "run", MODEL)

    doing, counted = "measuring: step 2, ramp at 8 in flight", "20 accepted, 3 throttled, 0 failed"
    line = f"{doing}; {counted}; about 5.00 requests/s (4.90 to 5.10)"
    assert capsys.readouterr().err.count(line) == 1


@pytest.mark.parametrize("phase", settlement._PHASES.values())
def test_each_phase_in_which_a_model_is_settled_has_its_words(phase: str) -> None:
    assert " " in view.PHASES[phase]


def test_sigterm_asks_nobody() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        listen_to_signals()
        with pytest.raises(breaking_off.Terminated):
            signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_interrupted_while_it_is_still_loading_the_client_says_so_and_no_more(tmp_path: Path) -> None:
    # Whatever the client loads first and is heavy: here it takes for ever.
    (tmp_path / "click.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(20)\n", "utf-8"
    )

    ended = subprocess.run(
        [sys.executable, "-m", "iu_tuner.cli", "--help"],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (Exit.INTERRUPTED, "", "interrupted\n")


def test_history_is_a_row_for_each_run(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    past = [{"startedAt": "2026-11-21T06:00:00.000Z", **OUTPUT}]
    monkeypatch.setattr(RunsTable, "past_runs", lambda *_: list(map(PastRun, past)))

    assert tuned(Aws([]), "history", MODEL) == tuned(Aws([]), "history", MODEL, "--json") == Exit.OK
    printed = capsys.readouterr().out
    assert "2026-11-21 06:00" in printed
    assert "monday-morning" in printed
    assert json.loads(printed[printed.index("[") :]) == past


def test_a_run_for_uploads_has_its_units_and_its_cost_in_the_history(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    past = [PastRun({"startedAt": "2026-11-21T06:00:00.000Z", **to_json(each)}) for each in (SERVED, SKIPPED)]
    monkeypatch.setattr(RunsTable, "past_runs", lambda *_: past)

    tuned(Aws([]), "history", MODEL)

    served, skipped_run = (line.split() for line in capsys.readouterr().out.splitlines() if "2026-11-21" in line)
    assert served[-5:] == ["served", "1", "-", "-", "0.76"]
    assert skipped_run[-5:] == ["skipped", "-", "-", "-", "-"]


def test_the_region_of_the_environment_is_taken_where_no_arn_names_one(
    tuned: Invoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_REGION", "ap-south-1")

    tuned(Aws([], stack=None), "follow", "monday")

    assert "can't be read in ap-south-1" in capsys.readouterr().err
