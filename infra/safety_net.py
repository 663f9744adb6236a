"""Releases a run's model if the state machine could not: after an abort, on a schedule, before a stack deletion."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as events_targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.resources.functions import Functions
from infra.resources.permissions import acknowledge_wildcard, allow
from infra.resources.queues import dead_letter_queue, scheduler_role, work_queue
from infra.settings.settings import Settings
from iu_tuner.contract import names

_JANITOR_PERIOD = cdk.Duration.minutes(10)
# At least the timeout of ReleaseOrphanedModel; the function itself sets a shorter time to its next call.
_VISIBILITY = cdk.Duration.minutes(2)
# A starting model can't be stopped before it runs. After an hour of retries the message becomes a dead letter.
_RESCUE_PATIENCE_S = 3600


class SafetyNet(Construct):
    """`dead_letter_queues` hold undelivered messages. Each part works without the others."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        functions: Functions,
        state_machines: Sequence[sfn.StateMachine],
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letter_queues: list[sqs.IQueue] = []
        self._settings = settings
        self._executions = [executions_of(machine) for machine in state_machines]
        self._on_execution_end(functions.release_orphaned_model, state_machines)
        self._on_schedule(functions.janitor)
        self._on_stack_delete(functions.stop_on_delete, state_machines)

    def _on_execution_end(self, release_orphaned: lambda_.Function, state_machines: Sequence[sfn.StateMachine]) -> None:
        """Clean up after an execution that failed, timed out or was aborted, as none of its states runs any more."""
        receives = min(1000, -(-_RESCUE_PATIENCE_S // self._settings.model_poll_seconds))
        queue = work_queue(self, "Ended", settings=self._settings, visibility=_VISIBILITY, receives=receives)
        undelivered = dead_letter_queue(self, "EndedUndelivered", settings=self._settings)
        events.Rule(
            self,
            "RunEndedBadly",
            description="A run failed, timed out or was aborted: release its model",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [machine.state_machine_arn for machine in state_machines],
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
            targets=[events_targets.SqsQueue(queue, dead_letter_queue=undelivered)],
        )
        release_orphaned.add_event_source(sources.SqsEventSource(queue, batch_size=1, report_batch_item_failures=True))
        allow(release_orphaned, ["sqs:ChangeMessageVisibility"], queue.queue_arn)
        release_orphaned.add_environment(names.QUEUE_URL, queue.queue_url)
        self._set_poll_interval(release_orphaned)
        if queue.dead_letter_queue is not None:
            self.dead_letter_queues += [queue.dead_letter_queue.queue, undelivered]

    def _on_schedule(self, janitor: lambda_.Function) -> None:
        """Clean up on a schedule, as the events of an execution's end are delivered only at best effort."""
        undelivered = dead_letter_queue(self, "JanitorUndelivered", settings=self._settings)
        role = scheduler_role(self, "JanitorScheduleRole", undelivered=undelivered)
        acknowledge_wildcard(role, f"{janitor.function_arn}:*", "Versions of this very Lambda.")
        scheduler.Schedule(
            self,
            "JanitorSchedule",
            description="Release the models of runs that are over or overdue",
            schedule=scheduler.ScheduleExpression.rate(_JANITOR_PERIOD),
            target=scheduler_targets.LambdaInvoke(
                janitor,
                role=role,
                input=scheduler.ScheduleTargetInput.from_object({}),
                dead_letter_queue=undelivered,
                # The next invocation is soon.
                retry_attempts=1,
                max_event_age=_JANITOR_PERIOD,
            ),
        )
        self._grant_executions(janitor, "states:DescribeExecution")
        self._set_poll_interval(janitor)
        self.dead_letter_queues.append(undelivered)

    def _on_stack_delete(self, stop_on_delete: lambda_.Function, state_machines: Sequence[sfn.StateMachine]) -> None:
        """Make the custom resource that is deleted first, while all that is needed to stop a model still exists."""
        self._grant_executions(stop_on_delete, "states:StopExecution")
        for machine in state_machines:
            allow(stop_on_delete, ["states:ListExecutions"], machine.state_machine_arn)
        machines = " ".join(machine.state_machine_arn for machine in state_machines)
        stop_on_delete.add_environment(names.STATE_MACHINE_ARNS, machines)
        self._set_poll_interval(stop_on_delete)
        self.deletion_guard = cdk.CustomResource(
            self,
            "DeletionGuard",
            service_token=stop_on_delete.function_arn,
            resource_type="Custom::DeletionGuard",
            service_timeout=cdk.Duration.minutes(16),
        )

    def _set_poll_interval(self, function: lambda_.Function) -> None:
        function.add_environment(names.MODEL_POLL_SECONDS, str(self._settings.model_poll_seconds))

    def _grant_executions(self, function: lambda_.Function, *actions: str) -> None:
        for executions in self._executions:
            allow(function, actions, executions, wildcard="An execution's name is made when it starts.")


def executions_of(machine: sfn.StateMachine) -> str:
    """The ARNs of all executions of a state machine."""
    return cdk.Stack.of(machine).format_arn(
        service="states",
        resource="execution",
        resource_name=f"{cdk.Fn.select(6, cdk.Fn.split(':', machine.state_machine_arn))}:*",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
