"""Deploy the app into the embedded AWS with the real CDK CLI, as a user would into an account."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError, WaiterError

from iu_tuner.contract.names import STACK
from local.embedded_aws import EmbeddedAws

_REPOSITORY = Path(__file__).parent.parent
_CDK = _REPOSITORY / "node_modules" / "aws-cdk" / "bin" / "cdk"
_TOOLKIT_STACK = "CDKToolkit"
# Disables the CLI's version check, its telemetry, the warning that Node 20 is past its support, and the validation by
# CloudFormation's schemas, which only warns and takes two thirds of the time of a synthesis.
_QUIET = {
    "CDK_DISABLE_VERSION_CHECK": "1",
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CDK_VALIDATION": "false",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
}


class DeploymentError(RuntimeError):
    """The CDK CLI failed; the message is its whole output."""


@dataclass(frozen=True)
class Outputs:
    """The stack's outputs."""

    state_machine_arn: str
    batch_state_machine_arn: str
    image_bucket: str
    report_bucket: str
    runs_table: str


def deploy(aws: EmbeddedAws, context: Mapping[str, object]) -> Outputs:
    """Deploy with these context keys and local=true, into an account that is bootstrapped if it is not yet.

    Raises DeploymentError.
    """
    if not _is_bootstrapped(aws):
        _bootstrap(aws)
    _cdk(aws, "deploy", STACK, "--require-approval", "never", "--method", "direct", *_as_options(context))
    return _outputs(aws)


def destroy(aws: EmbeddedAws) -> None:
    """Delete the stack as `cdk destroy` does; its custom resources are deleted first.

    Raises DeploymentError.
    """
    _cdk(aws, "destroy", STACK, "--force", *_as_options({}))


def _bootstrap(aws: EmbeddedAws) -> None:
    """What `cdk bootstrap` deploys, of the same template, without the start of the CLI."""
    template = _CDK.parent.parent / "lib" / "api" / "bootstrap" / "bootstrap-template.yaml"
    if not template.exists():
        raise DeploymentError(f"{template.relative_to(_REPOSITORY)} is needed: run `make setup`")
    parameters = {
        "CloudFormationExecutionPolicies": "arn:aws:iam::aws:policy/AdministratorAccess",
        "FileAssetsBucketKmsKeyId": "AWS_MANAGED_KEY",
    }
    stacks = aws.client("cloudformation")
    stacks.create_stack(
        StackName=_TOOLKIT_STACK,
        TemplateBody=template.read_text("utf-8"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    try:
        stacks.get_waiter("stack_create_complete").wait(StackName=_TOOLKIT_STACK, WaiterConfig={"Delay": 1})
    except WaiterError as error:
        raise DeploymentError(f"the bootstrap stack: {error}") from error


def _cdk(aws: EmbeddedAws, *arguments: str) -> None:
    """Run the pinned CDK CLI with this Python's folder first on the PATH; prints nothing unless it fails.

    The CLI synthesizes the app of its folder.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    node = shutil.which("node", path=path)
    if node is None or not _CDK.exists():
        raise DeploymentError(f"Node.js and {_CDK.relative_to(_REPOSITORY)} are needed: run `make setup`")
    # A separate assembly directory, so that deployments can run at the same time.
    with tempfile.TemporaryDirectory(prefix="cdk-out-") as assembly:
        command = [node, str(_CDK), *arguments, "--output", assembly, "--ci", "--no-color", "--no-notices"]
        done = subprocess.run(
            command,
            cwd=_REPOSITORY,
            env=aws.env() | _QUIET | {"PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    if done.returncode != 0:
        raise DeploymentError(f"cdk {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}")


def _as_options(context: Mapping[str, object]) -> list[str]:
    """The context as options of the CLI: strings unchanged, other values as JSON."""
    pairs = {**context, "local": True}.items()
    texts = ((key, value if isinstance(value, str) else json.dumps(value)) for key, value in pairs)
    return [option for key, text in texts for option in ("--context", f"{key}={text}")]


def _is_bootstrapped(aws: EmbeddedAws) -> bool:
    try:
        aws.client("cloudformation").describe_stacks(StackName=_TOOLKIT_STACK)
    except ClientError:
        return False
    return True


def _outputs(aws: EmbeddedAws) -> Outputs:
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    value = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return Outputs(
        state_machine_arn=value["StateMachineArn"],
        batch_state_machine_arn=value["BatchStateMachineArn"],
        image_bucket=value["ImageBucketName"],
        report_bucket=value["ReportBucketName"],
        runs_table=value["RunsTableName"],
    )
