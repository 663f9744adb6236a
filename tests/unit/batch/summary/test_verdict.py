"""How a batch ended: one verdict for each way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.contract.batch.output import BatchImages
from lambdas.batch.summary.verdict import Ending, verdict_of

ON_TIME, LATE = Ending(1000, 1600), Ending(1600, 1000)


@pytest.mark.parametrize(
    ("images", "ending", "verdict", "said"),
    [
        (BatchImages(listed=9, done=8, current=1), ON_TIME, "complete", "All 9 images have a result."),
        (BatchImages(listed=9, done=9), LATE, "deadline-missed", "the last result came 10 minutes after the deadline"),
        (BatchImages(listed=9, done=8, failed=1), ON_TIME, "partial", "8 of 9 images have a result, 1 failed."),
        (BatchImages(listed=9, done=8, failed=1), LATE, "partial", "10 minutes after the deadline"),
        (BatchImages(), ON_TIME, "nothing-to-do", "no image was found"),
        (BatchImages(listed=9, current=9), ON_TIME, "nothing-to-do", "all 9 images have a current result"),
        (
            BatchImages(listed=9, done=8, left=1),
            Ending(1000, None, "limits.maxMinutes = 5 is reached"),
            "partial",
            "1 image left: limits.maxMinutes = 5 is reached; run again with resume.",
        ),
    ],
)
def test_the_verdict_and_its_sentence(images: BatchImages, ending: Ending, verdict: str, said: str) -> None:
    word, detail = verdict_of(images, ending)

    assert word == verdict
    assert said in detail


@given(counts=st.tuples(*[st.integers(0, 3)] * 4), finished=st.floats(0, 2e9), deadline=st.none() | st.floats(0, 2e9))
def test_complete_means_that_each_image_has_a_result_in_time(
    counts: tuple[int, int, int, int], finished: float, deadline: float | None
) -> None:
    current, done, failed, left = counts
    ending = Ending(finished, deadline)
    verdict, _ = verdict_of(BatchImages(sum(counts), 0, current, done, failed, left), ending)

    assert (verdict == "complete") == (done > 0 and not failed and not left and not ending.is_late)
    assert ending.deadline is None or ending.deadline.met != ending.is_late
