"""What the tests read from a simulated model's books."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.model_books import carried_tps, unseen_s


def books(*counts: tuple[int, int]) -> dict[str, Any]:
    """(accepted, throttled) of one second after the other; a second without requests is in no book."""
    seconds = {
        str(1000 + second): {"accepted": accepted, "throttled": throttled}
        for second, (accepted, throttled) in enumerate(counts)
        if accepted or throttled
    }
    return {"perSecond": seconds}


SATURATED, AT_EASE, SILENT = (5, 9), (3, 0), (0, 0)


@pytest.mark.parametrize(
    "counts",
    [
        [(20, 3), *10 * [SATURATED], (1, 1)],  # the credit at the start, and a second that was cut short
        [*5 * [AT_EASE], (9, 9), *10 * [SATURATED], (1, 1), *10 * [AT_EASE]],
        [(9, 9), *8 * [SATURATED], (1, 1), *9 * [SILENT], (9, 9), *8 * [SATURATED], (2, 1)],  # two steps
        [(9, 9), *8 * [SATURATED], (1, 1), *9 * [AT_EASE], (9, 9), (9, 9), (9, 9)],  # the second is too short
    ],
)
def test_it_is_what_was_accepted_between_two_refusals(counts: Sequence[tuple[int, int]]) -> None:
    assert carried_tps(books(*counts)) == 5


def test_a_second_without_any_request_counts() -> None:
    assert carried_tps(books((9, 9), *4 * [SATURATED], SILENT, *3 * [SATURATED], (1, 1))) == 35 / 8


def test_what_comes_later_is_left_out() -> None:
    later = [*10 * [SILENT], *10 * [(8, 8)]]

    assert carried_tps(books((9, 9), *8 * [SATURATED], (1, 1), *later), until=1015) == 5


def test_a_model_that_was_never_asked_for_more_has_carried_nothing_known() -> None:
    with pytest.raises(AssertionError, match="never asked for more"):
        carried_tps(books(*20 * [AT_EASE]))


def test_nobody_sees_when_a_start_ends_and_a_stop_begins() -> None:
    moves = ["STARTING", "RUNNING", "STOPPING", "STOPPED", "STARTING", "RUNNING", "STOPPING", "STOPPED"]
    at = [0.0, 2.0, 60.0, 61.0, 64.0, 66.0, 99.0, 100.0]
    model = {"transitions": [{"to": to, "at": each} for to, each in zip(moves, at, strict=True)]}

    assert unseen_s(model, ended_at=103.0) == (2 + 4) + (2 + 4)
