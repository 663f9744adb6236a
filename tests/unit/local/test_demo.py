"""What is wrong with the arguments of the demo and of the playground is said before anything is started."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import pytest

from iu_tuner.exit_codes import Exit
from local import demo, playground


def never(*_: Any) -> NoReturn:
    raise AssertionError("something was started")


@pytest.mark.parametrize(
    ("program", "arguments", "said"),
    [
        (demo, ["--tps-per-iu", "x"], "argument --tps-per-iu: invalid float value: 'x'"),
        (demo, ["--tps-per-iu", "0"], "--tps-per-iu: got 0.0, takes 0.01 to 100000"),
        (demo, ["--average-tps", "-1"], "demand.averageTps: got -1.0; takes requests per second"),
        (demo, ["--peak-tps", "3"], "demand.averageTps: got 6; takes at most demand.peakTps"),
        (demo, ["--inference-units", "0"], "test.inferenceUnits: got 0; takes a whole number from 1 to 100"),
        (demo, ["--inference-units", "100"], "BudgetExceeded"),
        (playground, ["--tps-per-iu", "x"], "argument --tps-per-iu: invalid float value: 'x'"),
        (playground, ["--tps-per-iu", "0"], "--tps-per-iu: got 0.0, takes 0.01 to 100000"),
    ],
)
def test_a_wrong_argument_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: Any, arguments: list[str], said: str
) -> None:
    monkeypatch.setattr(program, "running_world", never)
    monkeypatch.setattr(sys, "argv", ["make", *arguments])

    try:
        code = program.main()
    except SystemExit as ended:
        code = ended.code

    assert code == Exit.USAGE
    assert said in " ".join("".join(capsys.readouterr()).split())
