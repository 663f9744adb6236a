"""All upload pipelines of the settings, and the Gatekeeper, which looks at their models each minute."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.model_service import ModelService
from infra.monitoring.alarms import Observability
from infra.monitoring.upload_metrics import UploadMetrics
from infra.resources.functions import ServeFunctions
from infra.resources.permissions import acknowledge_wildcard, allow
from infra.resources.queues import dead_letter_queue, scheduler_role
from infra.resources.storage import Storage
from infra.safety_net import executions_of
from infra.settings.settings import Settings
from infra.settings.triggers import fingerprint
from infra.upload_pipeline import Pipeline
from iu_tuner.contract import names

_LOOK = cdk.Duration.minutes(1)


class Inference(Construct):
    """`queue_urls` maps each prefix to its queue. `dead_letter_queues` hold uploads that can't be analysed.

    `starters` start runs by themselves, and must be deleted first of the stack.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: Storage,
        models: ModelService,
        gatekeeper: lambda_.Function,
        analyse_uploads: Sequence[lambda_.Function],
        serve_machine: sfn.StateMachine | None,
    ) -> None:
        super().__init__(scope, construct_id)
        undelivered = dead_letter_queue(self, "InferenceUndelivered", settings=settings)
        self._settings = settings
        self._pipelines = [
            Pipeline(
                self,
                f"Uploads{fingerprint(entry.prefix)}",
                settings=settings,
                entry=entry,
                storage=storage,
                models=models,
                analyse_uploads=function,
                undelivered=undelivered,
            )
            for entry, function in zip(settings.inference, analyse_uploads, strict=True)
        ]
        self.queue_urls = {each.entry.prefix: each.queue.queue_url for each in self._pipelines}
        self.dead_letter_queues: list[sqs.IQueue] = [undelivered, *(each.dead_letters for each in self._pipelines)]
        self._serve_machine = serve_machine
        self.starters: list[Construct] = []
        self._look_each_minute(gatekeeper, undelivered)
        self._grant(gatekeeper, storage, models)

    def add_alarms(self, observability: Observability) -> None:
        """Add the alarms about late uploads and about models that run for nothing. Dead letters have theirs already."""
        for pipeline in self._pipelines:
            self._metrics(pipeline).add_alarms(observability)
        if (machine := self._serve_machine) is not None:
            observability.watch(
                "Serve",
                machine,
                "A model that uploads started was not run to the end. Open the failed execution: its cause says what "
                "to do. The uploads wait, and start the model again in an hour. It was released, unless the alarm "
                "StopFailed is on.",
                "A run for uploads exceeded its time limit, so its own states did not stop the model. The Lambda "
                "ReleaseOrphanedModel does: check the model's status in the Rekognition console.",
            )

    def dashboard_rows(self) -> list[list[cloudwatch.IWidget]]:
        """A row of the dashboard for each pipeline."""
        return [self._metrics(pipeline).widgets() for pipeline in self._pipelines]

    def _metrics(self, pipeline: Pipeline) -> UploadMetrics:
        return UploadMetrics(pipeline.entry, pipeline.queue, self._settings.price_per_inference_unit_hour_usd)

    def _look_each_minute(self, gatekeeper: lambda_.Function, undelivered: sqs.IQueue) -> None:
        role = scheduler_role(self, "GatekeeperScheduleRole", undelivered=undelivered)
        acknowledge_wildcard(role, f"{gatekeeper.function_arn}:*", "Versions of this very Lambda.")
        for pipeline in self._pipelines:
            look_input = {
                "modelArn": pipeline.entry.model_arn,
                "queueUrl": pipeline.queue.queue_url,
                "queueArn": pipeline.queue.queue_arn,
                **self._start(pipeline),
            }
            look = scheduler.Schedule(
                self,
                f"Look{fingerprint(pipeline.entry.prefix)}",
                description=f"Open or close the gate of uploads under {pipeline.entry.prefix}"[:512],
                schedule=scheduler.ScheduleExpression.rate(_LOOK),
                target=scheduler_targets.LambdaInvoke(
                    gatekeeper,
                    role=role,
                    input=scheduler.ScheduleTargetInput.from_object(look_input),
                    dead_letter_queue=undelivered,
                    # The next look is soon.
                    retry_attempts=0,
                    max_event_age=_LOOK,
                ),
            )
            self.starters.append(look)

    def _start(self, pipeline: Pipeline) -> dict[str, Any]:
        """When uploads of the pipeline start the model, and the input of the run; nothing if they don't."""
        entry = pipeline.entry
        if not entry.starts_model:
            return {}
        options = entry.model_dump(by_alias=True, mode="json", include={"idle_stop_minutes", "units", "limits"})
        queues = [
            {"url": each.queue.queue_url, "arn": each.queue.queue_arn}
            for each in self._pipelines
            if each.entry.model_arn == entry.model_arn
        ]
        run = {"task": "serve", "modelArn": entry.model_arn, "prefix": entry.prefix, "queues": queues, **options}
        return {"start": {"startAt": entry.start_at.model_dump(by_alias=True, mode="json"), "input": run}}

    def grant_serving(self, functions: ServeFunctions, storage: Storage, models: ModelService) -> None:
        """Grant the permissions of the Lambdas that run a model for uploads."""
        models.grant(functions.prepare, "DescribeProjects", "DescribeProjectVersions")
        storage.grant_runs(functions.prepare, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        storage.grant_list_leases(functions.prepare)

        models.grant(functions.look, "DescribeProjectVersions")
        storage.grant_runs(functions.look, "GetItem", "UpdateItem", "Query")
        served = {each.entry.model_arn for each in self._pipelines if each.entry.starts_model}
        for pipeline in self._pipelines:
            if pipeline.entry.model_arn in served:
                allow(functions.look, ["sqs:GetQueueAttributes"], pipeline.queue.queue_arn)
                pipeline.grant_gate(functions.look)

        storage.grant_put_reports(functions.publish)
        storage.grant_runs(functions.publish, "GetItem", "PutItem", "UpdateItem")

    def _grant(self, gatekeeper: lambda_.Function, storage: Storage, models: ModelService) -> None:
        models.grant(gatekeeper, "DescribeProjects", "DescribeProjectVersions")
        storage.grant_runs(gatekeeper, "GetItem", "UpdateItem", "Query")
        for pipeline in self._pipelines:
            allow(gatekeeper, ["sqs:GetQueueAttributes"], pipeline.queue.queue_arn)
            pipeline.grant_gate(gatekeeper)
        if (machine := self._serve_machine) is not None:
            gatekeeper.add_environment(names.STATE_MACHINE_ARN, machine.state_machine_arn)
            allow(gatekeeper, ["states:StartExecution"], machine.state_machine_arn)
            reason = "An execution's name is made when it starts."
            allow(gatekeeper, ["states:DescribeExecution"], executions_of(machine), wildcard=reason)
