"""The stack: composes the parts, says who may do what, tells their names. Makes nothing itself."""

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from infra.functions import Functions
from infra.model_service import ModelService
from infra.settings import Settings
from infra.storage import Storage
from infra.workflow import Workflow


class InferenceUnitTuner(cdk.Stack):
    """Measures how many images per second a Rekognition model takes, and says how many IUs it needs."""

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
        workflow = Workflow(self, "Workflow", functions=functions, settings=settings)

        self._grant(storage, models, functions)

        cdk.CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)
        cdk.CfnOutput(self, "ImageBucketName", value=storage.images.bucket_name)
        cdk.CfnOutput(self, "ReportBucketName", value=storage.images.bucket_name)
        cdk.CfnOutput(self, "RunsTableName", value=storage.runs.table_name)

    @staticmethod
    def _grant(storage: Storage, models: ModelService, functions: Functions) -> None:
        """Each Lambda's role in full, but for its logs and traces."""
        models.grant(functions.prepare, "DescribeProjects", "DescribeProjectVersions")
        storage.grant_list_images(functions.prepare)
        storage.grant_get_images(functions.prepare)
        storage.grant_runs(functions.prepare, "PutItem")

        models.grant(functions.start_model, "DescribeProjectVersions", "StartProjectVersion")
        storage.grant_runs(functions.start_model, "GetItem", "UpdateItem")

        models.grant(functions.probe_images, "DetectCustomLabels")
        storage.grant_get_images(functions.probe_images)
        storage.grant_runs(functions.probe_images, "GetItem", "PutItem", "UpdateItem")

        models.grant(functions.plan_step, "DescribeProjectVersions")
        storage.grant_runs(functions.plan_step, "GetItem", "Query", "PutItem")

        models.grant(functions.apply_load, "DetectCustomLabels")
        storage.grant_get_images(functions.apply_load)
        storage.grant_runs(functions.apply_load, "GetItem", "PutItem")

        storage.grant_runs(functions.recommend, "GetItem", "Query", "PutItem")

        models.grant(
            functions.stop_model, "DescribeProjects", "DescribeProjectVersions", "StopProjectVersion"
        )
        storage.grant_runs(functions.stop_model, "GetItem", "UpdateItem")

        storage.grant_put_reports(functions.publish)
        storage.grant_runs(functions.publish, "GetItem", "PutItem", "UpdateItem")

        storage.grant_runs(functions.explain_failure, "UpdateItem")
