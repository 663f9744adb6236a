"""Starts runs on schedules and after uploads of images."""

import json
from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as events_targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.resources.permissions import allow
from infra.resources.queues import dead_letter_queue, scheduler_role, work_queue
from infra.resources.storage import Storage
from infra.settings.settings import Settings
from infra.settings.triggers import UploadTrigger
from iu_tuner.contract import names

# The maximum delay of a scheduled run; after that the next one replaces it.
_LATEST = cdk.Duration.hours(1)
# Six times the Lambda's timeout plus the batch window, as Lambda's documentation recommends.
_VISIBILITY = cdk.Duration.seconds(6 * 30 + 2)
# A message is received at each check of its upload: up to 88 times in the two weeks that the queue keeps it.
MAX_LOOKS = 100


class Triggers(Construct):
    """`dead_letter_queues` hold triggers that started no run; `starters` must be deleted first of the stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: Storage,
        state_machine: sfn.StateMachine,
        batch_machine: sfn.StateMachine,
        start_after_uploads: lambda_.Function | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letter_queues: list[sqs.IQueue] = []
        self.starters: list[Construct] = []
        if settings.schedules:
            machines = {"measure": state_machine, "process": batch_machine}
            schedules = Schedules(self, "Schedules", settings=settings, machines=machines)
            self.dead_letter_queues += schedules.dead_letter_queues
            self.starters += schedules.starters
        if start_after_uploads is not None:
            uploads = Uploads(
                self,
                "Uploads",
                settings=settings,
                storage=storage,
                state_machine=state_machine,
                start_after_uploads=start_after_uploads,
            )
            self.dead_letter_queues += uploads.dead_letter_queues
            self.starters += uploads.starters


class Schedules(Construct):
    """One schedule per entry of the settings."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, machines: Mapping[str, sfn.StateMachine]
    ) -> None:
        super().__init__(scope, construct_id)
        undelivered = dead_letter_queue(self, "SchedulesUndelivered", settings=settings)
        self.dead_letter_queues: list[sqs.IQueue] = [undelivered]
        self.starters: list[Construct] = []
        role = scheduler_role(self, "Role", undelivered=undelivered)
        for entry in settings.schedules:
            schedule = scheduler.Schedule(
                self,
                # The name is a hash of its content, so that removing or disabling one schedule renames no other.
                f"Schedule{entry.fingerprint}",
                description=f"{entry.task.title()} {entry.input['modelArn'].partition(':project/')[2]}"[:512],
                schedule=scheduler.ScheduleExpression.expression(entry.expression, cdk.TimeZone.of(entry.timezone)),
                enabled=entry.enabled,
                target=scheduler_targets.StepFunctionsStartExecution(
                    machines[entry.task],
                    input=scheduler.ScheduleTargetInput.from_text(json.dumps(entry.input)),
                    role=role,
                    dead_letter_queue=undelivered,
                    max_event_age=_LATEST,
                ),
            )
            self.starters.append(schedule)


class Uploads(Construct):
    """Images uploaded to the image bucket start a run through a queue."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: Storage,
        state_machine: sfn.StateMachine,
        start_after_uploads: lambda_.Function,
    ) -> None:
        super().__init__(scope, construct_id)
        self._images = storage.send_events()
        self._queue = work_queue(self, "Uploads", settings=settings, visibility=_VISIBILITY, receives=MAX_LOOKS)
        self._undelivered = dead_letter_queue(self, "UploadsUndelivered", settings=settings)
        self.dead_letter_queues: list[sqs.IQueue] = [self._undelivered]
        if self._queue.dead_letter_queue is not None:
            self.dead_letter_queues.append(self._queue.dead_letter_queue.queue)
        self.starters: list[Construct] = [self._rule(trigger) for trigger in settings.upload_triggers]
        self.starters.append(self._connect_queue(start_after_uploads))
        start_after_uploads.add_environment(names.MODEL_POLL_SECONDS, str(settings.model_poll_seconds))
        self._grant_runs(start_after_uploads, state_machine)

    def _rule(self, trigger: UploadTrigger) -> events.Rule:
        """A rule that matches the prefix only: EventBridge allows few wildcards. The Lambda checks the file names."""
        message = {
            "trigger": {"prefix": trigger.prefix, "settleSeconds": trigger.settle_seconds, "input": trigger.input},
            "uploadedAt": events.EventField.time,
            # The whole object, as EventBridge does not escape a string that it inserts, such as a key with a quote.
            "object": events.EventField.from_path("$.detail.object"),
        }
        return events.Rule(
            self,
            f"Uploaded{trigger.fingerprint}",
            description=f"Images were uploaded under {trigger.prefix}",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [self._images.bucket_name]},
                    "object": {"key": [{"prefix": trigger.prefix}]},
                },
            ),
            targets=[
                events_targets.SqsQueue(
                    self._queue,
                    message=events.RuleTargetInput.from_object(message),
                    dead_letter_queue=self._undelivered,
                )
            ],
        )

    def _connect_queue(self, function: lambda_.Function) -> lambda_.EventSourceMapping:
        """Connect the queue to the function, with large batches; messages that wait for their run stay in the queue."""
        actions = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
        allow(function, [f"sqs:{action}" for action in actions], self._queue.queue_arn)
        if (key := self._queue.encryption_master_key) is not None:
            allow(function, ["kms:Decrypt"], key.key_arn)
        function.add_environment(names.QUEUE_URL, self._queue.queue_url)
        return lambda_.EventSourceMapping(
            self,
            "Feed",
            target=function,
            event_source_arn=self._queue.queue_arn,
            batch_size=1000,
            max_batching_window=cdk.Duration.seconds(2),
            report_batch_item_failures=True,
            # All invocations write the same few items, so more of them at once would only conflict.
            max_concurrency=2,
        )

    def _grant_runs(self, function: lambda_.Function, state_machine: sfn.StateMachine) -> None:
        """Allow the function to start and describe runs."""
        machine = state_machine.state_machine_arn
        function.add_environment(names.STATE_MACHINE_ARN, machine)
        allow(function, ["states:StartExecution"], machine)
        executions = cdk.Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{cdk.Fn.select(6, cdk.Fn.split(':', machine))}:*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        reason = "An execution's name is made when it starts."
        allow(function, ["states:DescribeExecution"], executions, wildcard=reason)
