"""The times of a run: elapsed, left, and those of the step, whatever the clocks say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.terminal.times import MEASURING_S, RunTimes
from iu_tuner.contract.output.live_run import CurrentStep, LiveProgress, LiveRun
from lambdas.runs.live_progress import live_progress
from simulation.samples.report import KINDS, played
from tests.unit.cli.aws_stub import MODEL

TODAY = datetime(2026, 11, 21, 6, tzinfo=UTC)


def look(
    phase: str = "measuring",
    number: int = 0,
    started: datetime | None = TODAY,
    starts_in_seconds: float = 0.0,
    **raw: Any,
) -> Snapshot:
    step = CurrentStep(number, "ramp", 4, 1, None, starts_in_seconds, 4.0) if number else None
    return snapshot(phase, LiveProgress(0, 0, 0, (), step), started, **raw)


def snapshot(phase: str, progress: LiveProgress, started: datetime | None = TODAY, **raw: Any) -> Snapshot:
    execution = {"status": "RUNNING", "startDate": started, "input": json.dumps({"modelArn": MODEL, **raw})}
    return Snapshot(execution, LiveRun(phase, progress, None))


def seen(*looks: tuple[float, Snapshot]) -> RunTimes:
    times = RunTimes()
    for now, snapshot in looks:
        times.update(snapshot, now, TODAY + timedelta(seconds=now))
    return times


def test_before_anything_is_known_nothing_is_said() -> None:
    assert RunTimes().sentence(5.0) == ""


def test_while_the_model_starts_the_limit_says_what_is_left() -> None:
    times = seen((3.0, look("starting", limits={"maxMinutes": 30})))

    assert times.sentence(63.0) == "1:03 elapsed, at most 28:57 left"


def test_while_it_measures_the_usual_time_is_left_and_the_step_moves_between_two_looks() -> None:
    times = seen((1.0, look("starting")), (10.0, look(number=1)), (11.0, look(number=1)))

    assert (
        times.sentence(12.0)
        == f"0:12 elapsed, about 0:{MEASURING_S['standard'] - 2:.0f} left; 2 of 4 s of this step, 50 %"
    )
    assert times.sentence(14.5) != times.sentence(12.5)


def test_a_throttled_step_goes_on_for_longer_than_planned_and_the_next_begins_anew() -> None:
    times = seen((0.5, look("starting")), (1.0, look(number=1)))
    assert "; 9 s of this step" in times.sentence(10.0)

    times.update(look(number=2), 11.0, TODAY)
    assert "; 1 of 4 s of this step, 25 %" in times.sentence(12.0)


def test_a_step_that_was_under_way_at_the_first_look_has_no_seconds_as_its_start_is_not_known() -> None:
    times = seen((30.0, look(number=3)), (31.0, look(number=3)))
    assert "step" not in times.sentence(32.0)

    times.update(look(number=4), 33.0, TODAY)
    assert "; 1 of 4 s of this step" in times.sentence(34.0)


def test_before_a_step_s_load_starts_its_seconds_count_down() -> None:
    times = seen((0.5, look("starting")), (1.0, look(number=1, starts_in_seconds=8.0)))

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


def test_a_step_that_is_extended_says_how_long_it_may_take_and_then_that_it_is_over() -> None:
    step = CurrentStep(1, "ramp", 4, 1, None, 0.0, 4.0, longest_seconds=20.0)
    times = seen((0.0, look("starting")), (0.0, snapshot("measuring", LiveProgress(0, 0, 0, (), step))))

    assert times.sentence(9.0).endswith("; 9 of at most 20 s of this step")
    assert times.sentence(21.0).endswith("; the load of this step is over, its counts follow")


@pytest.mark.parametrize("name", ["demo", "ok-fast", "latency-bound", "unstable", "windowed"])
def test_in_a_whole_run_the_numbers_of_each_step_move_every_two_seconds_and_are_those_that_come_of_it(
    name: str,
) -> None:
    _, steps, _ = played(next(kind for kind in KINDS if kind.name == name))
    times, now = seen((0.0, look("starting"))), 0.0
    for number, step in enumerate(steps[1:], 1):
        plan, counts = step.counts.plan, step.counts
        times.update(
            snapshot("measuring", live_progress(steps[:number], plan, 1.0)), now, TODAY + timedelta(seconds=now)
        )
        starts, load_s = now + 1.0 + plan.wait_s, counts.seconds + plan.paced_s

        said = [times.sentence(now + at).partition("; ")[2] for at in range(0, int(starts - now + load_s), 2)]
        last = times.sentence(starts + load_s - 0.1)

        assert all(earlier != later for earlier, later in pairwise(said)), said
        if plan.paced_tps:
            due, planned = map(int, re.findall(r"(\d+) of (\d+) paced requests due", last.replace(",", ""))[0])
            of_pace = [sum(each[int(plan.base_s) :]) for each in (counts.accepted, counts.throttled, counts.failed)]
            assert due == pytest.approx(planned, rel=0.02, abs=1)
            assert planned == pytest.approx(sum(of_pace), rel=0.05)
        elif accepted := re.findall(r"about ([\d,]+) accepted", last):
            assert int(accepted[0].replace(",", "")) == pytest.approx(sum(counts.accepted), rel=0.25)
        now = starts + load_s + 3.0


def test_the_rest_of_a_step_is_left_even_where_the_usual_time_is_over() -> None:
    times = seen((0.0, look()), (50.0, look(number=1, starts_in_seconds=16.0)))

    assert "about 0:15 left" in times.sentence(55.0)
    assert "about 0:02 left" in times.sentence(68.0)
    assert "at most 88:49 left" in times.sentence(71.0)


@given(
    moments=st.lists(st.floats(0, 7200), min_size=1, max_size=8),
    phases=st.lists(st.sampled_from(["starting", "measuring", "stopping"]), min_size=8, max_size=8),
    later=st.floats(0, 3600),
)
def test_times_are_never_negative_and_elapsed_never_goes_back(
    moments: list[float], phases: list[str], later: float
) -> None:
    times, elapsed = seen((0.0, look("starting"))), -1
    for now, phase in zip(sorted(moments), phases, strict=False):
        times.update(look(phase, number=1), now, TODAY + timedelta(seconds=now))
        for moment in (now, now + later):
            said = times.sentence(moment)
            assert "-" not in said
        minutes, seconds = map(int, re.findall(r"\d+", times.sentence(now))[:2])
        assert 60 * minutes + seconds >= elapsed
        elapsed = 60 * minutes + seconds
