"""The Lambda functions: one line for each, and a private factory for their common properties."""

import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.resources.log_groups import log_group
from infra.resources.network import LambdaNetwork
from infra.resources.permissions import acknowledge, acknowledge_wildcard, allow
from infra.settings.settings import Settings
from infra.settings.triggers import fingerprint
from iu_tuner.contract import names
from iu_tuner.contract.uploads.entry import InferenceEntry

_REPOSITORY = Path(__file__).parents[2]
POWERTOOLS_PARAMETER = "/aws/service/powertools/python/arm64/python3.13/3.37.0"


ANALYSE_UPLOADS_S = 60  # timeout of AnalyseUploads, by which its queue's visibility timeout is set


@dataclass(frozen=True)
class _Size:
    memory_mb: int
    timeout_s: int


# A trace costs more than such a Lambda's own time: they are invoked for each upload, and each minute.
_OFTEN = ("AnalyseUploads", "Gatekeeper")

# Measured in the embedded AWS: a peak of 50 to 66 MB unless noted otherwise, and 0.3 s of CPU for a cold start.
# 512 MB comes with a third of a vCPU, so a cold start takes about one second.
_SIZES = {
    # Reads the head of every image, in batches, to detect JPEG and PNG.
    "Prepare": _Size(memory_mb=1024, timeout_s=120),
    "StartModel": _Size(memory_mb=512, timeout_s=60),
    # Holds all images (121 MB at the peak with 3 MB of images; at most 24 of 4 MB), and waits at most 15 s for four.
    "ProbeImages": _Size(memory_mb=1024, timeout_s=300),
    # The counts of 1,000 workers are 0.6 MB: they add 4 MB at the peak and 0.06 s of a whole CPU.
    "PlanStep": _Size(memory_mb=512, timeout_s=60),
    # 1,769 MB come with one vCPU, which all lanes of a worker share. With less CPU the client would limit the rate.
    # At most 20 s to get ready, 10 s of waiting, 40 s of load (a windowed quota), and 15 s for the last replies.
    "ApplyLoad": _Size(memory_mb=1769, timeout_s=180),
    "Recommend": _Size(memory_mb=512, timeout_s=60),
    "ReleaseModel": _Size(memory_mb=512, timeout_s=60),
    # Half of the time is for events and messages that can't be delivered: the run must not fail for them.
    "Publish": _Size(memory_mb=512, timeout_s=120),
    "ExplainFailure": _Size(memory_mb=512, timeout_s=120),
    "ReleaseOrphanedModel": _Size(memory_mb=512, timeout_s=60),
    # Runs every ten minutes, mostly with nothing to do, hence the small size; at most until the next invocation.
    "Janitor": _Size(memory_mb=256, timeout_s=600),
    # Polls the models itself until they are released.
    "StopOnDelete": _Size(memory_mb=512, timeout_s=900),
    "StartAfterUploads": _Size(memory_mb=512, timeout_s=30),
    # 20 s for slots of the pace, 15 s for the last replies, and the rest for S3. It mostly waits: a fifth of a vCPU
    # carries 20 uploads a second.
    "AnalyseUploads": _Size(memory_mb=384, timeout_s=ANALYSE_UPLOADS_S),
    # Sends ten images at a time, and holds each of them three times.
    "AnalyseUploads by bytes": _Size(memory_mb=512, timeout_s=ANALYSE_UPLOADS_S),
    "Gatekeeper": _Size(memory_mb=256, timeout_s=50),
    "PrepareBatch": _Size(memory_mb=512, timeout_s=120),
    # Keeps a digest of each ETag: 1,000,000 images take about 120 MB. It lists for 10 minutes and a page.
    "ListImages": _Size(memory_mb=1024, timeout_s=900),
    "FindCurrent": _Size(memory_mb=1024, timeout_s=900),
    "QuoteBatch": _Size(memory_mb=512, timeout_s=60),
    # Reads the records of all shards: 4,000 for 1,000,000 images.
    "PlanRound": _Size(memory_mb=1024, timeout_s=120),
    # A round is at most 240 s; the rest is for the last replies and the files of the open shards.
    "ProcessImages": _Size(memory_mb=768, timeout_s=290),
    "Summarise": _Size(memory_mb=1024, timeout_s=900),
    "PublishBatch": _Size(memory_mb=512, timeout_s=300),
    "PrepareServe": _Size(memory_mb=512, timeout_s=120),
    "LookAtUploads": _Size(memory_mb=512, timeout_s=60),
    "PublishServe": _Size(memory_mb=512, timeout_s=120),
}


@dataclass(frozen=True)
class ServeFunctions:
    """The Lambdas that only the machine calls which runs a model for uploads."""

    prepare: lambda_.Function
    look: lambda_.Function
    publish: lambda_.Function


class Functions(Construct):
    """The Lambdas of the state machine, one per task state, and those around it; each has its own role."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, runs_table: str, image_bucket: str
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._network = LambdaNetwork(self, "Network", settings=settings)
        self._environment = {
            names.RUNS_TABLE: runs_table,
            names.IMAGE_BUCKET: image_bucket,
            names.PRICE_PER_UNIT_HOUR_USD: str(settings.price_per_inference_unit_hour_usd),
            "POWERTOOLS_SERVICE_NAME": names.SERVICE_NAME,
        }
        # All Lambdas share one asset from the repository's root, so that `lambdas.…` is the import path in both places.
        self._code = lambda_.Code.from_asset(
            str(_REPOSITORY),
            # Excludes the client and the local programs; the Lambdas need only the contract.
            exclude=[
                "*",
                "!lambdas",
                "!lambdas/**",
                "!iu_tuner",
                "iu_tuner/*",
                "!iu_tuner/__init__.py",
                "!iu_tuner/formats.py",
                "!iu_tuner/contract",
                "!iu_tuner/contract/**",
                "**/__pycache__",
            ],
            ignore_mode=cdk.IgnoreMode.DOCKER,
        )
        self._layers = [] if settings.local else [self._powertools()]

        self.prepare = self._function("Prepare")
        self.start_model = self._function("StartModel")
        self.probe_images = self._function("ProbeImages")
        self.plan_step = self._function("PlanStep")
        self.apply_load = self._function("ApplyLoad")
        self.recommend = self._function("Recommend")
        self.release_model = self._function("ReleaseModel")
        self.publish = self._function("Publish")
        self.explain_failure = self._function("ExplainFailure")

        self.prepare_batch = self._function("PrepareBatch")
        self.list_images = self._function("ListImages")
        self.find_current = self._function("FindCurrent")
        self.quote_batch = self._function("QuoteBatch")
        self.plan_round = self._function("PlanRound")
        self.process_images = self._function("ProcessImages")
        self.summarise = self._function("Summarise")
        self.publish_batch = self._function("PublishBatch")

        self.release_orphaned_model = self._function("ReleaseOrphanedModel")
        self.janitor = self._function("Janitor")
        self.stop_on_delete = self._function("StopOnDelete")
        self.start_after_uploads = self._function("StartAfterUploads") if settings.upload_triggers else None
        self.gatekeeper = self._function("Gatekeeper") if settings.inference else None
        self.analyse_uploads = [self._analyse_uploads(entry) for entry in settings.inference]
        self.serving = self._serving() if any(entry.starts_model for entry in settings.inference) else None

    def grant_account_services(self) -> None:
        """Allow the functions what a run needs of the account: to read quotas, and to write the answer's parameter."""
        serving = [self.serving.prepare] if self.serving else []
        for function in (self.prepare, self.recommend, self.prepare_batch, *serving):
            _allow_anywhere(function, "servicequotas:ListServiceQuotas")
        _allow_anywhere(self.prepare, "servicequotas:ListAWSDefaultServiceQuotas")
        for function in (self.prepare, self.prepare_batch):
            _allow_anywhere(function, "lambda:GetAccountSettings")
        prefix = self._settings.answer_parameter_prefix
        if prefix is not None:
            self.publish.add_environment("ANSWER_PARAMETER_PREFIX", prefix)
            parameters = cdk.Stack.of(self).format_arn(
                service="ssm", resource="parameter", resource_name=f"{prefix.removeprefix('/')}*"
            )
            reason = "A parameter's name holds those of project and version."
            allow(self.publish, ["ssm:PutParameter"], parameters, wildcard=reason)

    def _serving(self) -> ServeFunctions:
        look = self._function("LookAtUploads")
        look.add_environment(names.MODEL_POLL_SECONDS, str(self._settings.model_poll_seconds))
        return ServeFunctions(self._function("PrepareServe"), look, self._function("PublishServe"))

    def _analyse_uploads(self, entry: InferenceEntry) -> lambda_.Function:
        """The Lambda of one entry, which knows nothing of the other ones and has no permissions for them."""
        size = _SIZES["AnalyseUploads by bytes" if entry.source == "bytes" else "AnalyseUploads"]
        function = self._function("AnalyseUploads", of=fingerprint(entry.prefix), size=size)
        function.add_environment(names.INFERENCE_ENTRY, entry.model_dump_json(by_alias=True))
        return function

    def _function(self, name: str, *, of: str = "", size: _Size | None = None) -> lambda_.Function:
        """Make a Lambda: the handler of `PlanStep` is lambdas.handlers.plan_step.handler.

        `of` tells several Lambdas with the same handler apart. The size is that of the name if none is given.
        """
        size = size or _SIZES[name]
        module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        logs = log_group(self, f"{name}{of}Logs", settings=self._settings)
        # Made here, because the CDK's default role has a managed policy that allows writing to any log group.
        role = iam.Role(self, f"{name}{of}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        logs.grant_write(role)
        self._network.grant(role)
        acknowledge_wildcard(role, "*", "X-Ray's PutTraceSegments and PutTelemetryRecords know no resources.")
        function = lambda_.Function(
            self,
            f"{name}{of}",
            description=f"Inference Unit Tuner: {name}",
            code=self._code,
            handler=f"lambdas.handlers.{module}.handler",
            runtime=_host_runtime() if self._settings.local else lambda_.Runtime.PYTHON_3_13,
            architecture=_host_architecture() if self._settings.local else lambda_.Architecture.ARM_64,
            layers=self._layers,
            memory_size=size.memory_mb,
            timeout=cdk.Duration.seconds(size.timeout_s),
            environment=self._environment,
            role=role,
            log_group=logs,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.DISABLED if name in _OFTEN else lambda_.Tracing.ACTIVE,
            **self._network.placement,
        )
        acknowledge(
            function, {"AwsSolutions-L1": "Pinned: Python 3.13 is supported until 2029; a newer one is a tested step."}
        )
        return function

    def _powertools(self) -> lambda_.ILayerVersion:
        """The layer with Powertools and pydantic: a pinned version of AWS's public layer, found at deployment.

        `latest` would change when a stack is updated; the tests run with this version. If a Region lacks it, the
        deployment fails before anything is created, and the setting can name another layer.
        """
        arn = self._settings.powertools_layer_arn or ssm.StringParameter.value_for_string_parameter(
            self, POWERTOOLS_PARAMETER
        )
        return lambda_.LayerVersion.from_layer_version_arn(self, "Powertools", arn)


def _allow_anywhere(function: lambda_.Function, action: str) -> None:
    name = action.partition(":")[2]
    allow(function, [action], "*", wildcard=f"{name} knows no resource-level permissions.")


def _host_runtime() -> lambda_.Runtime:
    """The runtime of this machine's Python version, with which the embedded AWS runs the Lambdas."""
    return lambda_.Runtime(f"python{sys.version_info.major}.{sys.version_info.minor}", lambda_.RuntimeFamily.PYTHON)


def _host_architecture() -> lambda_.Architecture:
    is_arm = platform.machine().lower() in ("arm64", "aarch64")
    return lambda_.Architecture.ARM_64 if is_arm else lambda_.Architecture.X86_64
