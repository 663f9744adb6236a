"""A deployed tuner: its runs, and its models' leases."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from iu_tuner.cli.aws.errors import AwsCallFailed, calling_aws
from iu_tuner.cli.aws.queue_counts import message_counts
from iu_tuner.cli.aws.runs_table import ModelPace, PastRun, RunsTable
from iu_tuner.contract.names import execution_of
from iu_tuner.contract.output.live_run import LiveRun
from iu_tuner.contract.uploads.live_serve import LiveServeRun, uploads_of
from iu_tuner.exit_codes import UsageError

DEFAULT_PRICE_USD = 4.0  # for stacks of early versions, whose outputs have no price
_RUN_ID = re.compile(r"[^\s:/]{1,80}")
_EXECUTION_ARN = re.compile(r"arn:[\w-]+:states:[\w-]+:[0-9]{12}:execution:[^:]+:[^:]+", re.ASCII)
READ_DENIED = ("AccessDenied", "AccessDeniedException", "UnrecognizedClientException")


@dataclass(frozen=True)
class Tuner:
    """One deployment of the app."""

    states: Any
    state_machine_arn: str
    runs: RunsTable
    usd_per_unit_hour: float = DEFAULT_PRICE_USD
    cli_options: tuple[str, ...] = ()
    """The options with which the client reaches this deployment."""
    sqs: Any = None
    """Counts the uploads that wait; without it they are not known."""

    def follow_command(self, run_id: str) -> str:
        """The client's command that follows the run."""
        return shlex.join(["iu-tuner", "follow", run_id, *self.cli_options])

    def arn_of(self, run_id: str) -> str:
        """The ARN of the run's execution, which may not exist yet."""
        return execution_of(self.state_machine_arn, run_id)

    def check_model(self, model_arn: str) -> None:
        """Raises UsageError if the model is in another account or Region than this tuner."""
        model_place, tuner_place = _account_and_region(model_arn), _account_and_region(self.state_machine_arn)
        if model_place != tuner_place:
            raise UsageError(
                f"modelArn: got {model_arn}, which is in {model_place}; this tuner is in {tuner_place}: deploy one "
                "there, or name it with --stack, --region and --profile"
            )

    def check_execution(self, run: str) -> None:
        """Raises UsageError if `run` is the ARN of an execution of another state machine, account or Region."""
        if run.startswith("arn:") and run != self.arn_of(run_id_of(run)):
            raise UsageError(
                f"RUN: got {run}; takes an execution of {self.state_machine_arn} - or name the stack that it is of "
                "with --stack, --region and --profile"
            )

    def start(self, run_id: str, execution_input: Mapping[str, Any]) -> None:
        """Start a run. Raises UsageError if the name is taken."""
        name_taken = UsageError(
            f"--name: a run {run_id} exists already; choose another name, or follow it: {self.follow_command(run_id)}"
        )
        # Step Functions accepts a second start with the name and the input of a running execution as if it were new.
        if self.exists(run_id):
            raise name_taken
        try:
            with calling_aws():
                self.states.start_execution(
                    stateMachineArn=self.state_machine_arn, name=run_id, input=json.dumps(execution_input)
                )
        except AwsCallFailed as error:
            if error.aws_code == "ExecutionAlreadyExists":
                raise name_taken from error
            raise

    def exists(self, run_id: str) -> bool:
        """Whether there is a run of this name."""
        try:
            self.describe_run(run_id)
        except UsageError:
            return False
        return True

    def describe_run(self, run_id: str) -> dict[str, Any]:
        """The response of DescribeExecution. Raises UsageError if there is no execution of that name."""
        try:
            with calling_aws():
                execution: dict[str, Any] = self.states.describe_execution(executionArn=self.arn_of(run_id))
        except AwsCallFailed as error:
            if error.aws_code in ("ExecutionDoesNotExist", "InvalidArn"):
                raise UsageError(f"there is no run {run_id} of {self.state_machine_arn}") from error
            raise
        return execution

    def stop(self, run_id: str) -> None:
        """Stop the execution; the safety net releases the model."""
        cause = "stopped by whoever started it, from the command line"
        try:
            with calling_aws():
                self.states.stop_execution(executionArn=self.arn_of(run_id), error="Interrupted", cause=cause)
        except AwsCallFailed as error:
            if error.aws_code != "ExecutionDoesNotExist":  # the start never reached AWS
                raise

    def run(self, run_id: str) -> LiveRun | None:
        """The run's item in the table. Returns None if there is none, or if the user may not read the table."""
        try:
            with calling_aws():
                run = self.runs.run(run_id)
        except AwsCallFailed as error:
            if error.aws_code in READ_DENIED:
                return None
            raise
        return self._with_waiting_uploads(run) if isinstance(run, LiveServeRun) else run

    def _with_waiting_uploads(self, run: LiveServeRun) -> LiveServeRun:
        """The run with the uploads that wait now. If the user may not read the queues, with those of its last look."""
        uploads = uploads_of(run)
        if uploads is None or self.sqs is None:
            return run
        try:
            with calling_aws():
                counts = [message_counts(self.sqs, url) for url in uploads.queue_urls]
        except AwsCallFailed:
            return run
        waiting = sum(sum(each.values()) for each in counts)
        return replace(run, uploads=replace(uploads, waiting=waiting))

    def holds_lease(self, run_id: str, model_arn: str) -> bool:
        """Whether this run still has to release the model."""
        with calling_aws():
            return self.runs.holder(model_arn) == run_id

    def lease(self, model_arn: str) -> Mapping[str, Any] | None:
        """The model's lease, as the runs table has it. Returns None if no run uses the model."""
        with calling_aws():
            return self.runs.lease(model_arn)

    def pace(self, model_arn: str) -> ModelPace:
        """The pace that batches and uploads of the model share."""
        with calling_aws():
            return self.runs.pace(model_arn)

    def history(self, model_arn: str, max_runs: int) -> list[PastRun]:
        """The model's last runs, the latest first."""
        with calling_aws():
            return self.runs.past_runs(model_arn, max_runs)


def _account_and_region(arn: str) -> str:
    """The account and the Region of an ARN as a phrase."""
    _, _, _, region, account, *_ = arn.split(":")
    return f"account {account}, Region {region}"


def run_id_of(run: str) -> str:
    """The run's id from an id or from an execution's ARN. Raises UsageError if `run` is neither."""
    if not run.isprintable() or not (_EXECUTION_ARN if run.startswith("arn:") else _RUN_ID).fullmatch(run):
        raise UsageError(f"RUN: got {run}; takes a run's id, or the ARN of its execution")
    return run.rpartition(":")[2]
