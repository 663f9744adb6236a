"""When uploads are news, what a check does next, and which uploads a run has seen."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.capacity.uploads import MARGIN_S, Uploads, trigger_id

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"
SEEN = Uploads().seen(100, check_due=110.0)


@given(times=st.lists(st.integers(1, 50), min_size=1))
def test_order_and_repetition_of_uploads_change_nothing(times: list[int]) -> None:
    told = Uploads()
    for at in times:
        if told.is_news(at):
            told = told.seen(at, check_due=at + 10.0)

    assert told == Uploads().seen(max(times), check_due=max(times) + 10.0)


@pytest.mark.parametrize(("uploaded_at", "is_news"), [(99, False), (100, False), (101, True)])
def test_only_an_upload_later_than_the_last_is_news(uploaded_at: int, is_news: bool) -> None:
    assert SEEN.is_news(uploaded_at) is is_news


def test_a_check_is_dropped_when_a_later_one_is_under_way() -> None:
    assert SEEN.seen(105, check_due=115.0).move(due=110.0, now=116.0) == "drop"


def test_a_check_that_its_sender_did_not_live_to_note_counts() -> None:
    assert SEEN.move(due=112.0, now=112.5) == "begin"


def test_a_check_that_comes_too_early_waits() -> None:
    assert SEEN.move(due=110.0, now=109.9) == "wait"


def test_a_run_is_named_then_started_then_watched() -> None:
    begun = SEEN.begun("abc")
    started = begun.started(at=120.7)

    assert [uploads.move(due=110.0, now=111.0) for uploads in (SEEN, begun, started)] == [
        "begin",
        "start",
        "watch",
    ]
    assert begun.run == "upload-abc-100-1"


def test_a_run_covers_what_was_uploaded_well_before_its_start() -> None:
    done = SEEN.begun("abc").started(at=120.7).ended(was_skipped=False)

    assert not done.are_pending
    assert done.move(due=110.0, now=130.0) == "drop"
    assert not done.is_news(120 - MARGIN_S)
    assert done.is_news(120 - MARGIN_S + 1)


def test_an_upload_during_the_run_is_pending_after_it() -> None:
    during = SEEN.begun("abc").started(at=120.0).seen(125, check_due=135.0)

    after = during.ended(was_skipped=False)

    assert after.are_pending
    assert after.move(due=135.0, now=136.0) == "begin"


def test_a_skipped_run_covers_nothing_and_the_next_has_another_name() -> None:
    after = SEEN.begun("abc").started(at=120.0).ended(was_skipped=True)

    assert after.are_pending
    assert after.begun("abc").run == "upload-abc-100-2"


@given(prefix=st.text(min_size=1), last=st.integers(0, 2**40))
def test_a_runs_name_is_one_that_step_functions_takes(prefix: str, last: int) -> None:
    name = Uploads(last_upload=last).begun(trigger_id(prefix, ARN)).run

    assert re.fullmatch(r"[A-Za-z0-9-]{1,80}", str(name))


def test_triggers_are_told_apart_by_prefix_and_model() -> None:
    ids = {
        trigger_id(prefix, arn)
        for prefix in ("samples/", "others/")
        for arn in (ARN, ARN.replace("v1", "v2"))
    }

    assert len(ids) == 4
