"""The time that a batch took is that of its own results."""

from __future__ import annotations

import json

from lambdas.batch.machine.timeline import times_of


def line(second: int, ms: int = 0) -> str:
    return json.dumps({"at": f"2026-11-21T06:00:{second:02}Z", "ms": ms})


def test_results_of_the_run_that_it_resumes_do_not_count() -> None:
    lines = [line(1), line(30, 500), line(32)]

    assert times_of(lines) is not None
    of_all, of_own = times_of(lines), times_of(lines, since=1_795_240_800.0 + 20)
    assert of_all is not None and of_own is not None
    assert (of_all.seconds, of_own.seconds) == (31.0, 2.5)


def test_without_a_result_there_is_no_time() -> None:
    assert times_of([line(1)], since=2e9) is None
