"""The Lambdas: one line per handler, one private factory that gives them all they share."""

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
from iu_tuner.contract import names

_REPOSITORY = Path(__file__).parents[2]
POWERTOOLS_PARAMETER = "/aws/service/powertools/python/arm64/python3.13/3.37.0"


@dataclass(frozen=True)
class _Size:
    memory_mb: int
    timeout_s: int


# Measured in the embedded AWS: 50 to 66 MB at the peak where nothing else is said, and 0.3 s of CPU for a cold start.
# 512 MB is a third of a vCPU, so that a cold start stays near a second.
_SIZES = {
    # Reads the head of every image, a batch at a time, to tell JPEG and PNG from the rest.
    "Prepare": _Size(memory_mb=1024, timeout_s=120),
    "StartModel": _Size(memory_mb=512, timeout_s=60),
    # Holds all images (121 MB with 3 MB of them; 24 of 4 MB are the most), and waits 15 s at most for each four.
    "ProbeImages": _Size(memory_mb=1024, timeout_s=300),
    # The counts of 1,000 workers are 0.6 MB to read: 4 MB more at its peak, and 0.06 s of a whole CPU.
    "PlanStep": _Size(memory_mb=512, timeout_s=60),
    # 1,769 MB is one whole vCPU: the lanes of a worker share it, and a starved client would measure itself.
    # At most 20 s to get ready, 10 s to wait, 40 s of load (a windowed quota), and 15 s for the last answers.
    "ApplyLoad": _Size(memory_mb=1769, timeout_s=180),
    "Recommend": _Size(memory_mb=512, timeout_s=60),
    "ReleaseModel": _Size(memory_mb=512, timeout_s=60),
    # Half of it for events and messages that nobody takes: the run must not fail for them.
    "Publish": _Size(memory_mb=512, timeout_s=120),
    "ExplainFailure": _Size(memory_mb=512, timeout_s=120),
    "ReleaseOrphanedModel": _Size(memory_mb=512, timeout_s=60),
    # Invoked every ten minutes, for nothing most of the time: as small as it gets. Else until the next one comes.
    "Janitor": _Size(memory_mb=256, timeout_s=600),
    # Looks again by itself until the models are released.
    "StopOnDelete": _Size(memory_mb=512, timeout_s=900),
    "StartAfterUploads": _Size(memory_mb=512, timeout_s=30),
}


class Functions(Construct):
    """One Lambda per state that decides or does something, and those around the machine; each has its own role."""

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
        # One asset for all, cut from the repository's root: `lambdas.…` is the import path here and there.
        self._code = lambda_.Code.from_asset(
            str(_REPOSITORY),
            # The client and what runs on a user's machine stay out: the Lambdas share the contract with them.
            exclude=[
                "*",
                "!lambdas",
                "!lambdas/**",
                "!iu_tuner",
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

        self.release_orphaned_model = self._function("ReleaseOrphanedModel")
        self.janitor = self._function("Janitor")
        self.stop_on_delete = self._function("StopOnDelete")
        self.start_after_uploads = self._function("StartAfterUploads") if settings.upload_triggers else None

    def grant_account_services(self) -> None:
        """What a run asks of the account beside the model: its quotas, a place for the answer."""
        for function in (self.prepare, self.recommend):
            _allow_anywhere(function, "servicequotas:ListServiceQuotas")
        _allow_anywhere(self.prepare, "servicequotas:ListAWSDefaultServiceQuotas")
        _allow_anywhere(self.prepare, "lambda:GetAccountSettings")
        prefix = self._settings.answer_parameter_prefix
        if prefix is not None:
            self.publish.add_environment("ANSWER_PARAMETER_PREFIX", prefix)
            parameters = cdk.Stack.of(self).format_arn(
                service="ssm", resource="parameter", resource_name=f"{prefix.removeprefix('/')}*"
            )
            reason = "A parameter's name holds those of project and version."
            allow(self.publish, ["ssm:PutParameter"], parameters, wildcard=reason)

    def _function(self, name: str) -> lambda_.Function:
        """`PlanStep` becomes the Lambda whose handler is lambdas.handlers.plan_step.handler."""
        module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        logs = log_group(self, f"{name}Logs", settings=self._settings)
        # Made here, as the CDK's own role would carry a managed policy: the right to write any log group.
        role = iam.Role(self, f"{name}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        logs.grant_write(role)
        self._network.grant(role)
        acknowledge_wildcard(role, "*", "X-Ray's PutTraceSegments and PutTelemetryRecords know no resources.")
        function = lambda_.Function(
            self,
            name,
            description=f"Inference Unit Tuner: {name}",
            code=self._code,
            handler=f"lambdas.handlers.{module}.handler",
            runtime=_host_runtime() if self._settings.local else lambda_.Runtime.PYTHON_3_13,
            architecture=_host_architecture() if self._settings.local else lambda_.Architecture.ARM_64,
            layers=self._layers,
            memory_size=_SIZES[name].memory_mb,
            timeout=cdk.Duration.seconds(_SIZES[name].timeout_s),
            environment=self._environment,
            role=role,
            log_group=logs,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            **self._network.placement,
        )
        acknowledge(
            function, {"AwsSolutions-L1": "Pinned: Python 3.13 is supported until 2029; a newer one is a tested step."}
        )
        return function

    def _powertools(self) -> lambda_.ILayerVersion:
        """Powertools with pydantic. AWS's public layer is pinned, and the deployment looks its ARN up.

        `latest` would change under a stack that is only updated; what the tests ran with is this version. One that
        a Region lacks fails the deployment before anything is made, and the setting names another.
        """
        arn = self._settings.powertools_layer_arn or ssm.StringParameter.value_for_string_parameter(
            self, POWERTOOLS_PARAMETER
        )
        return lambda_.LayerVersion.from_layer_version_arn(self, "Powertools", arn)


def _allow_anywhere(function: lambda_.Function, action: str) -> None:
    name = action.partition(":")[2]
    allow(function, [action], "*", wildcard=f"{name} knows no resource-level permissions.")


def _host_runtime() -> lambda_.Runtime:
    """The embedded AWS runs the Lambdas with this machine's Python, whichever that is."""
    return lambda_.Runtime(f"python{sys.version_info.major}.{sys.version_info.minor}", lambda_.RuntimeFamily.PYTHON)


def _host_architecture() -> lambda_.Architecture:
    is_arm = platform.machine().lower() in ("arm64", "aarch64")
    return lambda_.Architecture.ARM_64 if is_arm else lambda_.Architecture.X86_64
