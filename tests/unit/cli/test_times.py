"""The times of a run: elapsed, left, and those of the step, whatever the clocks say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.terminal.times import MEASURING_S, RunTimes
from iu_tuner.contract.output.live_run import LiveProgress, LiveRun, StepUnderWay
from tests.unit.cli.aws_stub import MODEL

TODAY = datetime(2026, 11, 21, 6, tzinfo=UTC)


def look(
    phase: str = "measuring",
    number: int = 0,
    started: datetime | None = TODAY,
    starts_in_seconds: float = 0.0,
    **raw: Any,
) -> Snapshot:
    step = StepUnderWay(number, "ramp", 4, 1, None, starts_in_seconds, 4.0) if number else None
    run = LiveRun(phase, LiveProgress(0, 0, 0, (), step), None)
    execution = {"status": "RUNNING", "startDate": started, "input": json.dumps({"modelArn": MODEL, **raw})}
    return Snapshot(execution, run)


def seen(*looks: tuple[float, Snapshot]) -> RunTimes:
    times = RunTimes()
    for now, snapshot in looks:
        times.see(snapshot, now, TODAY + timedelta(seconds=now))
    return times


def test_before_anything_is_known_nothing_is_said() -> None:
    assert RunTimes().sentence(5.0) == ""


def test_while_the_model_starts_the_limit_says_what_is_left() -> None:
    times = seen((3.0, look("starting", limits={"maxMinutes": 30})))

    assert times.sentence(63.0) == "1:03 elapsed, at most 28:57 left"


def test_while_it_measures_the_usual_time_is_left_and_the_step_moves_between_two_looks() -> None:
    times = seen((1.0, look("starting")), (10.0, look(number=1)), (11.0, look(number=1)))

    assert (
        times.sentence(12.0) == f"0:12 elapsed, about 0:{MEASURING_S['standard'] - 2:.0f} left; 2 of 4 s of this step"
    )
    assert times.sentence(14.5) != times.sentence(12.5)


def test_a_throttled_step_goes_on_for_longer_than_planned_and_the_next_begins_anew() -> None:
    times = seen((1.0, look(number=1)))
    assert "; 9 s of this step" in times.sentence(10.0)

    times.see(look(number=2), 11.0, TODAY)
    assert "; 1 of 4 s of this step" in times.sentence(12.0)


def test_before_a_step_s_load_starts_its_seconds_count_down() -> None:
    times = seen((1.0, look(number=1, starts_in_seconds=8.0)))

    assert "; this step starts in 3 s" in times.sentence(6.0)
    assert "; 2 of 4 s of this step" in times.sentence(11.0)


def test_a_run_that_takes_longer_than_usual_has_what_its_limit_allows() -> None:
    times = seen((0.0, look(test={"mode": "quick"}, limits={"maxMinutes": 10})))

    assert "about 0:01 left" in times.sentence(MEASURING_S["quick"] - 1)
    assert "at most 9:34 left" in times.sentence(MEASURING_S["quick"] + 1)


def test_an_input_that_is_not_understood_has_no_limit() -> None:
    times = seen((2.0, look("preparing", test={"mode": "fast"})))

    assert times.sentence(3.0) == "0:03 elapsed"


@pytest.mark.parametrize("started", [None, TODAY + timedelta(hours=1)])
def test_without_a_start_or_with_one_of_a_clock_that_is_ahead_the_first_look_is_the_start(started: Any) -> None:
    times = seen((100.0, look("starting", started=started)))

    assert times.sentence(102.0).startswith("0:02 elapsed")


@given(
    moments=st.lists(st.floats(0, 7200), min_size=1, max_size=8),
    phases=st.lists(st.sampled_from(["starting", "measuring", "stopping"]), min_size=8, max_size=8),
    later=st.floats(0, 3600),
)
def test_times_are_never_negative_and_elapsed_never_goes_back(
    moments: list[float], phases: list[str], later: float
) -> None:
    times, elapsed = RunTimes(), -1
    for now, phase in zip(sorted(moments), phases, strict=False):
        times.see(look(phase, number=1), now, TODAY + timedelta(seconds=now))
        for moment in (now, now + later):
            said = times.sentence(moment)
            assert "-" not in said
        minutes, seconds = map(int, re.findall(r"\d+", times.sentence(now))[:2])
        assert 60 * minutes + seconds >= elapsed
        elapsed = 60 * minutes + seconds
