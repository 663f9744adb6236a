"""No more runs load at a time than there are turns, and none waits for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.turns import LOADS_AT_ONCE, Turns


@pytest.mark.parametrize("runs", [1, 2])
def test_no_more_load_at_a_time_than_there_are_turns(tmp_path: Path, runs: int) -> None:
    lock, all_turns_taken = threading.Lock(), threading.Event()
    loading, most = 0, 0
    at_once = LOADS_AT_ONCE // runs

    def load(_: int) -> None:
        nonlocal loading, most
        # Every process, here every thread, has turns of its own making.
        with Turns(tmp_path).loading(runs):
            with lock:
                loading += 1
                most = max(most, loading)
                if loading == at_once:
                    all_turns_taken.set()
            all_turns_taken.wait(60)
            with lock:
                loading -= 1

    with ThreadPoolExecutor(3 * at_once) as threads:
        list(threads.map(load, range(3 * at_once)))

    assert most == at_once


def test_a_turn_comes_back_when_its_run_fails(tmp_path: Path) -> None:
    turns = Turns(tmp_path)

    for _ in range(2 * LOADS_AT_ONCE):
        with pytest.raises(ZeroDivisionError), turns.loading(LOADS_AT_ONCE):
            _ = 1 / 0
