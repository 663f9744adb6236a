"""Send images until each has an outcome; those that had an error that may pass are sent again after the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from lambdas.processing.image_work import ImageWork


class SentRound(Protocol):
    """What came of a round."""

    @property
    def model_is_gone(self) -> bool:
        """Whether the model does not run any more."""


Sent = TypeVar("Sent", bound=SentRound)


def send_in_rounds(
    works: Sequence[ImageWork],
    send: Callable[[Iterator[ImageWork]], Sent],
    until: float,
    now: Callable[[], float],
    sleep: Callable[[float], None],
) -> list[Sent]:
    """Send the images until each has an outcome, until `until` (epoch seconds), or until the model is gone.

    `send` sends images once, and again only after a limit. Returns what came of each round. An image without an
    outcome is left.
    """
    rounds: list[Sent] = []
    todo = list(works)
    while todo and (moment := now()) < until:
        due = [work for work in todo if work.not_before <= moment]
        if not due:
            sleep(min(until, min(work.not_before for work in todo)) - moment)
            continue
        rounds.append(send(iter(due)))
        if rounds[-1].model_is_gone:
            break
        todo = [work for work in works if work.is_waiting]
    for work in works:
        work.conclude()
    return rounds
