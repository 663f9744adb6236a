"""From a run's start to its end: watch it, break it off where that is asked for, tell what came of it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.cli.aws.errors import AwsCallFailed
from iu_tuner.cli.aws.stack import Tuner
from iu_tuner.cli.exit_codes import ClientError, Exit, UsageError
from iu_tuner.cli.interrupts import TimeIsUp, past_measuring, stop_and_settle, wants_to_stop, when_settled
from iu_tuner.cli.outcome import Ending, Wanted
from iu_tuner.cli.polling import Look, looks
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import PHASES


@dataclass(frozen=True)
class Conversation:
    """One run. `execution_input` None: somebody else started it, and it is theirs to end."""

    tuner: Tuner
    run_id: str
    model_arn: str | None
    screen: Screen
    wanted: Wanted
    execution_input: Mapping[str, Any] | None = None
    timeout_s: float | None = None

    def start(self) -> None:
        """Start the run. Raises ClientError."""
        assert self.execution_input is not None
        try:
            self.tuner.start(self.run_id, self.execution_input)
        except AwsCallFailed as error:
            raise ClientError(f"the run could not be started: {error}") from error
        self.screen.say(f"started the run {self.run_id}")

    def hold(self) -> Exit:
        """Start the run if it is ours, watch it, and tell its end; returns the exit code. Raises ClientError."""
        began = time.monotonic()
        deadline = math.inf if self.timeout_s is None else began + self.timeout_s
        try:
            try:
                if self._is_ours:
                    self.start()
                ending = self._ending(self._watch(deadline))
            except (KeyboardInterrupt, TimeIsUp) as why:
                ending = self._broken_off(why)
        except UsageError:
            raise
        except ClientError as error:
            ending = Ending(self.run_id, error.code, "UNKNOWN", None, "LostSight", str(error))
        return ending.tell(self.screen, self.wanted, time.monotonic() - began)

    @property
    def _is_ours(self) -> bool:
        return self.execution_input is not None

    def _watch(self, deadline: float = math.inf) -> Look:
        with self.screen:
            for look in looks(self.tuner, self.run_id):
                self.screen.show(look)
                if look.status == "RUNNING" and time.monotonic() > deadline:
                    raise TimeIsUp
        return look

    def _broken_off(self, why: BaseException) -> Ending:
        code = Exit.TIMEOUT if isinstance(why, TimeIsUp) else Exit.INTERRUPTED
        phase = past_measuring(self.tuner, self.run_id)
        if phase is None:
            if not wants_to_stop(self.screen, why, ours=self._is_ours):
                return self._detached(code)
            phase = past_measuring(self.tuner, self.run_id)  # the question may have waited long
        elif not self._is_ours:
            return self._detached(code)
        if phase is None:
            return stop_and_settle(self.tuner, self.run_id, self.model_arn, self.screen, code)
        return self._answer_awaited(phase)

    def _answer_awaited(self, phase: str) -> Ending:
        """What comes of a run that only has to settle its model; asked again, the client leaves it to itself."""
        try:
            self.screen.say(
                f"measuring is over ({PHASES[phase]}): waiting for the answer; interrupt again to leave it to itself: "
                f"{self.tuner.follow_with(self.run_id)}"
            )
            return self._ending(self._watch())
        except KeyboardInterrupt:
            return self._detached(Exit.INTERRUPTED)

    def _ending(self, last: Look) -> Ending:
        ending = Ending.of(self.run_id, last)
        if last.status in ("SUCCEEDED", "FAILED"):
            return ending
        # Nothing inside a state machine runs after these: the model is settled from outside.
        return when_settled(ending, self.tuner, self.model_arn or last.model_arn, self.screen)

    def _detached(self, code: Exit) -> Ending:
        cause = f"the run goes on; follow it again: {self.tuner.follow_with(self.run_id)}"
        return Ending(self.run_id, code, "RUNNING", None, "Detached", cause)
