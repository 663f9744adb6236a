"""The stack: composes the parts, grants their permissions, and outputs their names. It makes no resource itself."""

import json
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from infra.batch_grants import grant_batches
from infra.inference import Inference
from infra.model_service import ModelService
from infra.monitoring.alarms import Observability
from infra.monitoring.dashboard import Dashboard
from infra.resources.functions import Functions
from infra.resources.permissions import bound_roles
from infra.resources.storage import Storage
from infra.safety_net import SafetyNet
from infra.settings.settings import Settings
from infra.triggers import Triggers
from infra.workflow.machine import Workflow, batching, measuring, serving_uploads
from iu_tuner.contract.names import SERVE_MACHINE_OUTPUT, SERVED_MODELS, UPLOADS_OUTPUT


class InferenceUnitTuner(cdk.Stack):
    """The stack, which measures the TPS of a Rekognition model and recommends inference units."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **kwargs: Any) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Inference Unit Tuner: finds a Rekognition Custom Labels model's TPS and recommends "
            "inference units; always stops the model.",
            **kwargs,
        )
        storage = Storage(self, "Storage", settings=settings)
        models = ModelService(self, "Models", settings=settings)
        functions = Functions(
            self,
            "Functions",
            settings=settings,
            runs_table=storage.runs.table_name,
            image_bucket=storage.images.bucket_name,
        )
        workflow = Workflow(self, "Workflow", functions=functions, settings=settings, work=measuring(functions))
        batch_workflow = Workflow(
            self, "BatchWorkflow", functions=functions, settings=settings, work=batching(functions)
        )
        workflows = [workflow, batch_workflow]
        serve_workflow = None
        if functions.serving is not None:
            work = serving_uploads(functions)
            serve_workflow = Workflow(self, "ServeWorkflow", functions=functions, settings=settings, work=work)
            workflows.append(serve_workflow)

        safety_net = SafetyNet(
            self,
            "SafetyNet",
            settings=settings,
            functions=functions,
            state_machines=[each.state_machine for each in workflows],
        )
        # CloudFormation deletes in the opposite order: the guard first, while everything still works.
        safety_net.deletion_guard.node.add_dependency(storage, models, functions, *workflows)

        triggers = Triggers(
            self,
            "Triggers",
            settings=settings,
            storage=storage,
            state_machine=workflow.state_machine,
            batch_machine=batch_workflow.state_machine,
            start_after_uploads=functions.start_after_uploads,
        )
        inference = self._inference(settings, storage, models, functions, serve_workflow)
        # The starters are deleted before the guard, so that no run starts after its work.
        for starter in [*triggers.starters, *(inference.starters if inference else ())]:
            starter.node.add_dependency(safety_net.deletion_guard)

        dead_letter_queues = [
            *safety_net.dead_letter_queues,
            *triggers.dead_letter_queues,
            *(inference.dead_letter_queues if inference else ()),
        ]
        observability = Observability(
            self,
            "Observability",
            settings=settings,
            state_machine=workflow.state_machine,
            batch_machine=batch_workflow.state_machine,
            dead_letter_queues=dead_letter_queues,
            janitor=functions.janitor,
        )
        if inference is not None:
            inference.add_alarms(observability)
        if inference is not None and functions.serving is not None:
            inference.grant_serving(functions.serving, storage, models)
            observability.grant_notify(functions.serving.publish)
        dashboard = Dashboard(
            self,
            "Dashboard",
            storage=storage,
            functions=functions,
            state_machine=workflow.state_machine,
            dead_letter_queues=dead_letter_queues,
            alarms=observability.alarms,
            more_rows=inference.dashboard_rows() if inference else (),
        )

        self._grant(storage, models, functions, observability)
        grant_batches(storage, models, functions, observability)
        functions.grant_account_services()
        bound_roles(self, boundary_arn=settings.permissions_boundary_arn)

        cdk.CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)
        cdk.CfnOutput(self, "BatchStateMachineArn", value=batch_workflow.state_machine.state_machine_arn)
        if serve_workflow is not None:
            cdk.CfnOutput(self, SERVE_MACHINE_OUTPUT, value=serve_workflow.state_machine.state_machine_arn)
        cdk.CfnOutput(self, "ImageBucketName", value=storage.images.bucket_name)
        cdk.CfnOutput(self, "ReportBucketName", value=storage.images.bucket_name)
        cdk.CfnOutput(self, "RunsTableName", value=storage.runs.table_name)
        price = settings.price_per_inference_unit_hour_usd
        cdk.CfnOutput(self, "PricePerInferenceUnitHourUsd", value=f"{price:g}")
        cdk.CfnOutput(self, "AlarmTopicArn", value=observability.topic.topic_arn)
        cdk.CfnOutput(self, "DashboardUrl", value=dashboard.url)
        if settings.rekognition_endpoint_url is not None:
            cdk.CfnOutput(self, "RekognitionEndpointUrl", value=settings.rekognition_endpoint_url)
        if settings.lookout_vision_endpoint_url is not None:
            cdk.CfnOutput(self, "LookoutVisionEndpointUrl", value=settings.lookout_vision_endpoint_url)
        if inference is not None:
            cdk.CfnOutput(self, UPLOADS_OUTPUT, value=self.to_json_string(inference.queue_urls))

    def _inference(
        self,
        settings: Settings,
        storage: Storage,
        models: ModelService,
        functions: Functions,
        serve_workflow: Workflow | None,
    ) -> Inference | None:
        """The upload pipelines. Returns None if the settings have none: then no resource of theirs is made."""
        if functions.gatekeeper is None:
            return None
        served = sorted({entry.model_arn for entry in settings.inference})
        functions.prepare.add_environment(SERVED_MODELS, json.dumps(served))
        return Inference(
            self,
            "Inference",
            settings=settings,
            storage=storage,
            models=models,
            gatekeeper=functions.gatekeeper,
            analyse_uploads=functions.analyse_uploads,
            serve_machine=serve_workflow.state_machine if serve_workflow else None,
        )

    @staticmethod
    def _grant(storage: Storage, models: ModelService, functions: Functions, observability: Observability) -> None:
        """Grant all permissions of each Lambda's role, except those for logs and traces."""
        models.grant(functions.prepare, "DescribeProjects", "DescribeProjectVersions")
        storage.grant_list_images(functions.prepare)
        storage.grant_get_images(functions.prepare)
        models.grant_traffic(functions.prepare)
        storage.grant_list_leases(functions.prepare)
        storage.grant_runs(functions.prepare, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")

        models.grant(functions.start_model, "DescribeProjectVersions", "StartProjectVersion", "StopProjectVersion")
        storage.grant_runs(functions.start_model, "GetItem", "UpdateItem")

        models.grant(functions.probe_images, "DetectCustomLabels")
        storage.grant_get_images(functions.probe_images)
        storage.grant_runs(functions.probe_images, "GetItem", "PutItem", "UpdateItem")

        models.grant(functions.plan_step, "DescribeProjectVersions")
        storage.grant_runs(functions.plan_step, "GetItem", "Query", "PutItem", "UpdateItem")

        models.grant(functions.apply_load, "DetectCustomLabels")
        storage.grant_get_images(functions.apply_load)
        storage.grant_runs(functions.apply_load, "GetItem", "PutItem")

        storage.grant_runs(functions.recommend, "GetItem", "Query", "PutItem", "UpdateItem")

        for releasing in (
            functions.release_model,
            functions.release_orphaned_model,
            functions.janitor,
            functions.stop_on_delete,
        ):
            models.grant(releasing, "DescribeProjectVersions", "StopProjectVersion", "StartProjectVersion")
            storage.grant_runs(releasing, "GetItem", "UpdateItem", "DeleteItem")
        for outside in (functions.release_orphaned_model, functions.janitor):
            storage.grant_runs(outside, "Query")
        storage.grant_runs(functions.stop_on_delete, "PutItem")
        for searching in (functions.release_orphaned_model, functions.janitor, functions.stop_on_delete):
            storage.grant_list_leases(searching)

        storage.grant_put_reports(functions.publish)
        storage.grant_runs(functions.publish, "GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")

        storage.grant_put_reports(functions.explain_failure)
        storage.grant_runs(functions.explain_failure, "GetItem", "Query", "UpdateItem")

        for notifying in (
            functions.publish,
            functions.explain_failure,
            functions.release_orphaned_model,
            functions.janitor,
        ):
            observability.grant_notify(notifying)

        if functions.start_after_uploads is not None:
            storage.grant_runs(functions.start_after_uploads, "GetItem", "UpdateItem")
