"""A session with one run: starts it, watches it, stops it if interrupted, and shows its outcome."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.cli.aws.errors import AwsCallFailed
from iu_tuner.cli.aws.s3.saved_report import RunReport
from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.aws.stack import Deployment
from iu_tuner.cli.aws.tuner import Tuner
from iu_tuner.cli.outcome.outcome import Outcome, OutputOptions
from iu_tuner.cli.session.interrupts import (
    TimeIsUp,
    phase_after_measuring,
    stop_and_clean_up,
    wait_for_cleanup,
    wants_to_stop,
)
from iu_tuner.cli.session.polling import poll
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import PHASES
from iu_tuner.contract.model_arn import model_arn_in
from iu_tuner.exit_codes import ClientError, Exit, UsageError


@dataclass(frozen=True)
class Session:
    """A session with one run. If the run is not ours, only a user may decide to stop it."""

    deployment: Deployment
    tuner: Tuner
    run_id: str
    execution_input: Mapping[str, Any]
    screen: Screen
    options: OutputOptions
    is_ours: bool = True

    @property
    def model_arn(self) -> str | None:
        """The ARN of the model in the input. Returns None if the input names none."""
        return model_arn_in(self.execution_input)

    def start_and_leave(self) -> Exit:
        """Start the run, and say how it can be followed. Raises ClientError."""
        self._start()
        self.screen.say(f"follow it: {self.tuner.follow_command(self.run_id)}")
        arn = self.tuner.arn_of(self.run_id)
        self.screen.put_json({"runId": self.run_id, "executionArn": arn, "status": "RUNNING"})
        return Exit.OK

    def _start(self) -> None:
        try:
            self.tuner.start(self.run_id, self.execution_input)
        except AwsCallFailed as error:
            raise ClientError(f"the run could not be started: {error}") from error
        self.screen.say(f"started the run {self.run_id}")

    def run_to_end(self) -> Exit:
        """Start the run if it is ours, watch it, show its outcome and save its report. Returns the exit code.

        Raises:
            UsageError: the run's name is taken. OSError: a file can't be written.
        """
        started_at, report_path = time.monotonic(), self.options.report
        deadline = math.inf if self.options.timeout_s is None else started_at + self.options.timeout_s
        report = RunReport.of(self.deployment, self.run_id, self.execution_input) if report_path else None
        try:
            try:
                if self.is_ours:
                    self._start()
                outcome = self._outcome(self._watch(deadline))
            except (KeyboardInterrupt, TimeIsUp) as interrupt:
                outcome = self._interrupt_outcome(interrupt)
        except UsageError:
            raise
        except ClientError as error:
            outcome = Outcome(self.run_id, error.code, "UNKNOWN", None, "LostSight", str(error))
        code = outcome.show(self.screen, self.options, time.monotonic() - started_at)
        has_page = outcome.status in ("SUCCEEDED", "FAILED") and outcome.code is not Exit.SKIPPED
        if has_page and report_path and report:
            self.screen.say(report.save(report_path, outcome.output))
        return code

    def _watch(self, deadline: float = math.inf) -> Snapshot:
        with self.screen:
            for snapshot in poll(self.tuner, self.run_id):
                self.screen.show(snapshot)
                if snapshot.status == "RUNNING" and time.monotonic() > deadline:
                    raise TimeIsUp
        return snapshot

    def _interrupt_outcome(self, interrupt: BaseException) -> Outcome:
        code = Exit.TIMEOUT if isinstance(interrupt, TimeIsUp) else Exit.INTERRUPTED
        phase = phase_after_measuring(self.tuner, self.run_id)
        if phase is None:
            if not wants_to_stop(self.screen, interrupt, is_ours=self.is_ours):
                return self._detached_outcome(code)
            phase = phase_after_measuring(self.tuner, self.run_id)  # polled anew: the user may have answered late
        elif not self.is_ours:
            return self._detached_outcome(code)
        if phase is None:
            return stop_and_clean_up(self.tuner, self.run_id, self.model_arn, self.screen, code)
        return self._wait_for_answer(phase)

    def _wait_for_answer(self, phase: str) -> Outcome:
        """The outcome of a run that only has to release its model. A further interrupt leaves it alone."""
        try:
            self.screen.say(
                f"measuring is over ({PHASES[phase]}): waiting for the answer; interrupt again to leave it to itself: "
                f"{self.tuner.follow_command(self.run_id)}"
            )
            return self._outcome(self._watch())
        except KeyboardInterrupt:
            return self._detached_outcome(Exit.INTERRUPTED)

    def _outcome(self, last_snapshot: Snapshot) -> Outcome:
        outcome = Outcome.of(self.run_id, last_snapshot)
        if last_snapshot.status in ("SUCCEEDED", "FAILED"):
            return outcome
        # No state runs after these two, so the safety net releases the model.
        return wait_for_cleanup(outcome, self.tuner, self.model_arn, self.screen)

    def _detached_outcome(self, code: Exit) -> Outcome:
        cause = f"the run goes on; follow it again: {self.tuner.follow_command(self.run_id)}"
        return Outcome(self.run_id, code, "RUNNING", None, "Detached", cause)
