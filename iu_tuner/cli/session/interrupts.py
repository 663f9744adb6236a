"""Stops a run before its end. The safety net then releases its model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import click

from iu_tuner.cli.aws.errors import AwsCallFailed
from iu_tuner.cli.aws.tuner import Tuner
from iu_tuner.cli.outcome.outcome import Outcome
from iu_tuner.cli.session.polling import PAUSE_S, poll
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import PHASES
from iu_tuner.contract.model_arn import service_of
from iu_tuner.exit_codes import ClientError, Exit, UsageError

CLEANED_UP_WITHIN_S = 30 * 60.0
PHASES_AFTER_MEASURING = frozenset(
    {"closing", "stopping", "stopped", "restoring", "restored", "applying", "applied", "finished", "failed"}
)
MAX_SNAPSHOTS_WITHOUT_LEASE = 4  # nor a receipt: then the run ended before it touched the model

Result = TypeVar("Result")


class Terminated(KeyboardInterrupt):
    """SIGTERM, which programs send; the client does not ask before it stops the run."""


class TimeIsUp(Exception):
    """The time of --timeout has passed."""


def wants_to_stop(screen: Screen, interrupt: BaseException, *, is_ours: bool) -> bool:
    """Whether to stop the run: asks in a terminal; elsewhere only a run that this client started is stopped."""
    if isinstance(interrupt, TimeIsUp | Terminated) or not screen.is_interactive:
        return is_ours
    try:
        return click.confirm("\nStop the run? (no: it goes on without this client)", default=is_ours, err=True)
    except (click.Abort, KeyboardInterrupt):
        return True


def phase_after_measuring(tuner: Tuner, run_id: str) -> str | None:
    """The run's phase after it has measured: then it releases its model itself, and a stop would only lose the answer.

    Returns None while the run measures, or if its phase is not known.
    """
    try:
        run = _ignore_further_interrupts(lambda: tuner.run(run_id))
    except AwsCallFailed:
        return None
    return run.phase if run is not None and run.phase in PHASES_AFTER_MEASURING else None


def stop_and_clean_up(tuner: Tuner, run_id: str, model_arn: str | None, screen: Screen, code: Exit) -> Outcome:
    """Stops the run and waits until its model is released; if the run ended first, returns that outcome.

    Raises:
        ClientError: the run can't be stopped, or AWS no longer answers.
    """
    screen.say(f"stopping the run {run_id}; its model is settled next, please wait")
    _ignore_further_interrupts(lambda: _stop(tuner, run_id))
    error, reason = ("Timeout", "took too long") if code is Exit.TIMEOUT else ("Interrupted", "was interrupted")
    outcome = Outcome(run_id, code, "ABORTED", None, error, f"the run {reason} and was stopped")
    try:
        for last_snapshot in poll(tuner, run_id) if _may_exist(tuner, run_id) else ():
            if last_snapshot.status not in ("RUNNING", "ABORTED"):
                return Outcome.of(run_id, last_snapshot)
        return wait_for_cleanup(outcome, tuner, model_arn, screen)
    except KeyboardInterrupt:
        follow_note = f"the safety net goes on settling its model: {tuner.follow_command(run_id)}"
        return replace(outcome, cause=f"{outcome.cause}; {follow_note}")


def wait_for_cleanup(outcome: Outcome, tuner: Tuner, model_arn: str | None, screen: Screen) -> Outcome:
    """Waits until the safety net has released the model of a run that was ended from outside."""
    deadline, snapshots_without_lease = time.monotonic() + CLEANED_UP_WITHIN_S, 0
    while time.monotonic() < deadline:
        try:
            has_lease = model_arn is not None and tuner.holds_lease(outcome.run_id, model_arn)
            run = tuner.run(outcome.run_id)  # after the lease: the receipt is written before the lease is deleted
        except AwsCallFailed as error:
            screen.say_once(f"the model can't be looked after: {error}")
        else:
            receipt = run.receipt if run else None
            if not has_lease and receipt is not None:
                return replace(outcome, cause=f"{outcome.cause}; its model is settled", receipt=receipt)
            snapshots_without_lease = 0 if has_lease else snapshots_without_lease + 1
            if snapshots_without_lease >= MAX_SNAPSHOTS_WITHOUT_LEASE:
                return replace(outcome, cause=f"{outcome.cause}, before it had touched the model")
            if run is not None:
                screen.say_once(PHASES.get(run.phase, run.phase))
        time.sleep(PAUSE_S)
    return replace(
        outcome,
        code=Exit.NOT_SETTLED,
        error="ModelStopFailed",
        cause=f"{outcome.cause}, but its model was not seen settled within {CLEANED_UP_WITHIN_S / 60:.0f} minutes and "
        f"may still cost money: look at it in {_console(model_arn)}",
    )


def _console(model_arn: str | None) -> str:
    return f"the {service_of(model_arn).name} console ({model_arn})" if model_arn else "the console of its service"


def _stop(tuner: Tuner, run_id: str) -> None:
    try:
        tuner.stop(run_id)
    except AwsCallFailed as error:
        raise ClientError(
            f"the run can't be stopped: {error} - it goes on, and costs money: stop the execution "
            f"{tuner.arn_of(run_id)} in the Step Functions console"
        ) from error


def _may_exist(tuner: Tuner, run_id: str) -> bool:
    """Whether the execution exists, as far as AWS answers: its start may have been interrupted."""
    try:
        tuner.describe_run(run_id)
    except UsageError:
        return False
    except AwsCallFailed:
        return True
    return True


def _ignore_further_interrupts(call: Callable[[], Result]) -> Result:
    """Retries if interrupted: another Ctrl-C asks for the same thing."""
    while True:
        try:
            return call()
        except KeyboardInterrupt:
            continue
