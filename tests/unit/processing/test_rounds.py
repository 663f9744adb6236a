"""Rounds: who is sent again, when, and how they end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from iu_tuner.contract.detections import ListedImage
from lambdas.models.outcomes import ACCEPTED, Reply
from lambdas.processing.image_work import ImageWork
from lambdas.processing.outcomes import Outcome
from lambdas.processing.rounds import send_in_rounds

from .test_image_work import MemoryS3, processing

ERROR, LAGGING = "InternalServerError", "InvalidS3ObjectException"


@dataclass
class Sender:
    """Answers each image with the next outcome of its own, and stops before one that finds the model gone."""

    outcomes: dict[str, list[str]]
    now: float = 1000.0
    rounds: list[tuple[float, list[str]]] = field(default_factory=list)
    gone: bool = False

    def __call__(self, todo: Iterator[ImageWork]) -> Sender:
        self.rounds.append((self.now, []))
        for work in todo:
            outcome = self.outcomes[work.image.key].pop(0)
            if outcome == "gone":
                self.gone = True
                return self
            assert work.prepare() is not None
            self.rounds[-1][1].append(work.image.key)
            assert work.finish(Reply(outcome), 10.0) is False
        return self

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def send(sender: Sender, until: float = 2000.0) -> Sequence[Outcome | None]:
    every = processing(MemoryS3([]))
    works = [ImageWork(ListedImage(key, "e", 1000), every, now=lambda: sender.now) for key in sender.outcomes]
    send_in_rounds(works, sender, until, lambda: sender.now, sender.sleep)
    return [work.outcome for work in works]


def test_who_had_an_error_that_may_pass_is_sent_after_the_others():
    sender = Sender({"a": [ERROR, ERROR, ACCEPTED], "b": [LAGGING, LAGGING], "c": [ACCEPTED]})

    assert send(sender) == [Outcome.DONE, Outcome.FAILED, Outcome.DONE]
    assert sender.rounds == [(1000, ["a", "b", "c"]), (1001, ["a"]), (1003, ["a"]), (1030, ["b"])]


def test_who_has_no_outcome_in_time_is_left():
    sender = Sender({"a": [ERROR, ACCEPTED], "b": [LAGGING], "c": [ACCEPTED]})

    assert send(sender, until=1020.0) == [Outcome.DONE, None, Outcome.DONE]
    assert sender.now == 1020.0


def test_nobody_is_sent_after_the_model_is_gone():
    sender = Sender({"a": [ERROR], "b": ["gone"], "c": [ACCEPTED]})

    assert send(sender) == [None, None, None]
    assert len(sender.rounds) == 1
