"""Ending a run before its time, if there is still something to stop; then its model is settled from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import click

from iu_tuner.cli.aws.errors import AwsCallFailed
from iu_tuner.cli.aws.stack import Tuner
from iu_tuner.cli.exit_codes import ClientError, Exit, UsageError
from iu_tuner.cli.outcome import Ending
from iu_tuner.cli.polling import PAUSE_S, looks
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import PHASES

SETTLED_WITHIN_S = 30 * 60.0
PAST_MEASURING = frozenset(
    {"stopping", "stopped", "restoring", "restored", "applying", "applied", "finished", "failed"}
)
UNTOUCHED_LOOKS = 4  # without lease and receipt: the run had not come so far as to touch the model

Returned = TypeVar("Returned")


class Terminated(KeyboardInterrupt):
    """SIGTERM: nobody is there to be asked."""


class TimeIsUp(Exception):
    """--timeout has passed."""


def wants_to_stop(screen: Screen, why: BaseException, *, ours: bool) -> bool:
    """Shall the run be stopped? Asks where somebody can answer; else only whoever started it stops it."""
    if isinstance(why, TimeIsUp | Terminated) or not screen.is_interactive:
        return ours
    try:
        return click.confirm("\nStop the run? (no: it goes on without this client)", default=ours, err=True)
    except (click.Abort, KeyboardInterrupt):
        return True


def past_measuring(tuner: Tuner, run_id: str) -> str | None:
    """The run's phase if it has measured all it will: it settles its model by itself, and a stop would only cost it
    its answer. None: it measures, or nothing is known of it.
    """
    try:
        view = _stubbornly(lambda: tuner.view(run_id))
    except AwsCallFailed:
        return None
    return view.phase if view is not None and view.phase in PAST_MEASURING else None


def stop_and_settle(tuner: Tuner, run_id: str, model_arn: str | None, screen: Screen, code: Exit) -> Ending:
    """Stop the run; the ending says how its model was left, or is the run's own where that came first.

    Raises:
        ClientError: it can't be stopped, or can't be watched any more.
    """
    screen.say(f"stopping the run {run_id}; its model is settled next, please wait")
    _stubbornly(lambda: _stop(tuner, run_id))
    error, why = ("Timeout", "took too long") if code is Exit.TIMEOUT else ("Interrupted", "was interrupted")
    stopped = Ending(run_id, code, "ABORTED", None, error, f"the run {why} and was stopped")
    try:
        for last in looks(tuner, run_id) if _exists(tuner, run_id) else ():
            if last.status not in ("RUNNING", "ABORTED"):
                return Ending.of(run_id, last)
        return when_settled(stopped, tuner, model_arn, screen)
    except KeyboardInterrupt:
        on = f"the safety net goes on settling its model: {tuner.follow_with(run_id)}"
        return replace(stopped, cause=f"{stopped.cause}; {on}")


def when_settled(ended: Ending, tuner: Tuner, model_arn: str | None, screen: Screen) -> Ending:
    """Wait until the safety net has settled the model of a run that did not do so itself."""
    deadline, untouched = time.monotonic() + SETTLED_WITHIN_S, 0
    while time.monotonic() < deadline:
        try:
            held = model_arn is not None and tuner.holds_lease(ended.run_id, model_arn)
            view = tuner.view(ended.run_id)  # after the lease: what was settled by then is in it
        except AwsCallFailed as error:
            screen.say_once(f"the model can't be looked after: {error}")
        else:
            receipt = view.receipt if view else None
            if not held and receipt is not None:
                return replace(ended, cause=f"{ended.cause}; its model is settled", receipt=receipt)
            untouched = 0 if held else untouched + 1
            if untouched >= UNTOUCHED_LOOKS:
                return replace(ended, cause=f"{ended.cause}, before it had touched the model")
            if view is not None:
                screen.say_once(PHASES.get(view.phase, view.phase))
        time.sleep(PAUSE_S)
    return replace(
        ended,
        code=Exit.NOT_SETTLED,
        error="ModelStopFailed",
        cause=f"{ended.cause}, but its model was not seen settled within {SETTLED_WITHIN_S / 60:.0f} minutes and may "
        f"still cost money: look at it in the Rekognition console ({model_arn})",
    )


def _stop(tuner: Tuner, run_id: str) -> None:
    try:
        tuner.stop(run_id)
    except AwsCallFailed as error:
        raise ClientError(
            f"the run can't be stopped: {error} - it goes on, and costs money: stop the execution "
            f"{tuner.arn_of(run_id)} in the Step Functions console"
        ) from error


def _exists(tuner: Tuner, run_id: str) -> bool:
    """Whether the start, which may have been interrupted, came to AWS."""
    try:
        tuner.described(run_id)
    except UsageError:
        return False
    except AwsCallFailed:
        return True
    return True


def _stubbornly(do: Callable[[], Returned]) -> Returned:
    """Once more where a further Ctrl-C came between: it asks for just this."""
    while True:
        try:
            return do()
        except KeyboardInterrupt:
            continue
