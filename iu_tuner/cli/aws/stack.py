"""Finds a deployed stack: its outputs, its tuner, and clients of the services in its account and Region."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from iu_tuner.cli.aws.clients import AwsClients, open_session
from iu_tuner.cli.aws.errors import AwsCallFailed, calling_aws
from iu_tuner.cli.aws.runs_table import RunsTable
from iu_tuner.cli.aws.tuner import DEFAULT_PRICE_USD, Tuner, run_id_of
from iu_tuner.contract.names import SERVE_MACHINE_OUTPUT, STACK
from iu_tuner.exit_codes import ClientError

_ADVICE = "deploy it there, or name it with --stack, --region and --profile"


@dataclass(frozen=True)
class StackOptions:
    """The options that say which deployed stack is meant, and which AWS is asked."""

    stack: str
    region: str | None
    profile: str | None
    endpoint_url: str | None

    def with_region_of(self, arn: str) -> StackOptions:
        """With the Region in the ARN of a model, tuner or run, if no option names one and the text is an ARN."""
        match = re.match(r"arn:[\w-]+:\w+:([\w-]+):", arn, re.ASCII)
        return self if self.region or not match else replace(self, region=match[1])


@dataclass(frozen=True)
class Deployment:
    """A deployed stack; `outputs` are those of CloudFormation."""

    aws: AwsClients
    outputs: Mapping[str, str]
    tuner: Tuner

    @property
    def batch_tuner(self) -> Tuner:
        """The tuner whose runs are batches. Raises ClientError if the stack has none."""
        try:
            return replace(self.tuner, state_machine_arn=self.outputs["BatchStateMachineArn"])
        except KeyError:
            raise ClientError("the stack has no output BatchStateMachineArn - deploy it again") from None

    def tuner_of(self, run: str) -> Tuner:
        """The tuner whose run this is, by its execution's ARN or its id. Raises UsageError if there is none."""
        output_names, run_id = ("BatchStateMachineArn", SERVE_MACHINE_OUTPUT), run_id_of(run)
        machine_arns = [self.outputs[name] for name in output_names if name in self.outputs]
        tuners = [self.tuner, *(replace(self.tuner, state_machine_arn=arn) for arn in machine_arns)]
        if run.startswith("arn:"):
            return next((each for each in tuners if run == each.arn_of(run_id)), self.tuner)
        return next((each for each in tuners if machine_arns and each.exists(run_id)), self.tuner)

    @property
    def image_bucket(self) -> str:
        """The name of the bucket that images are uploaded to. Raises ClientError if the stack has none."""
        try:
            return self.outputs["ImageBucketName"]
        except KeyError:
            raise ClientError("the stack has no output ImageBucketName - deploy it again") from None


def find_deployment(stack_options: StackOptions) -> Deployment:
    """Find a deployed stack.

    Raises:
        ClientError: there are no credentials, there is no such stack, or the stack is not a tuner.
    """
    stack, profile, endpoint_url = stack_options.stack, stack_options.profile, stack_options.endpoint_url
    region = stack_options.region or os.environ.get("AWS_REGION")  # boto3 does not always read this variable
    region_text = f" in {region}" if region else ""
    try:
        with calling_aws():
            aws = AwsClients(open_session(profile, region), endpoint_url)
            (description,) = aws.of("cloudformation").describe_stacks(StackName=stack)["Stacks"]
            states, dynamodb, sqs = aws.of("stepfunctions"), aws.of("dynamodb"), aws.of("sqs")
    except AwsCallFailed as error:
        advice = f"; {_ADVICE}" if error.aws_code == "ValidationError" else ""
        raise ClientError(f"the stack {stack} can't be read{region_text}: {error}{advice}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", ())}
    if not {"StateMachineArn", "RunsTableName"} <= set(outputs):
        raise ClientError(
            f"the stack {stack}{region_text} is not (or not completely) an Inference Unit Tuner: its status is "
            f"{description.get('StackStatus')}, and it has no outputs StateMachineArn and RunsTableName - {_ADVICE}"
        )
    named_options = {"stack": stack if stack != STACK else None, "region": region, "profile": profile}
    price = float(outputs.get("PricePerInferenceUnitHourUsd", DEFAULT_PRICE_USD))
    options = _options({**named_options, "endpoint-url": endpoint_url})
    runs = RunsTable(dynamodb, outputs["RunsTableName"])
    return Deployment(aws, outputs, Tuner(states, outputs["StateMachineArn"], runs, price, options, sqs))


def _options(values: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(part for name, value in values.items() if value for part in (f"--{name}", value))
