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

_NAME_IT = "deploy it there, or name it with --stack, --region and --profile"


@dataclass(frozen=True)
class Where:
    """The options that say which deployed stack is meant, and which AWS is asked."""

    stack: str
    region: str | None
    profile: str | None
    endpoint_url: str | None

    def or_region_in(self, arn: str) -> Where:
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
        others, run_id = ("BatchStateMachineArn", SERVE_MACHINE_OUTPUT), run_id_of(run)
        machines = [self.outputs[name] for name in others if name in self.outputs]
        tuners = [self.tuner, *(replace(self.tuner, state_machine_arn=arn) for arn in machines)]
        if run.startswith("arn:"):
            return next((each for each in tuners if run == each.arn_of(run_id)), self.tuner)
        return next((each for each in tuners if machines and each.exists(run_id)), self.tuner)

    @property
    def image_bucket(self) -> str:
        """The name of the bucket that images are uploaded to. Raises ClientError if the stack has none."""
        try:
            return self.outputs["ImageBucketName"]
        except KeyError:
            raise ClientError("the stack has no output ImageBucketName - deploy it again") from None


def find_deployment(where: Where) -> Deployment:
    """Find a deployed stack.

    Raises:
        ClientError: there are no credentials, there is no such stack, or the stack is not a tuner.
    """
    stack, profile, endpoint_url = where.stack, where.profile, where.endpoint_url
    region = where.region or os.environ.get("AWS_REGION")  # boto3 does not always read this variable
    place = f" in {region}" if region else ""
    try:
        with calling_aws():
            aws = AwsClients(open_session(profile, region), endpoint_url)
            (described,) = aws.of("cloudformation").describe_stacks(StackName=stack)["Stacks"]
            states, dynamodb, sqs = aws.of("stepfunctions"), aws.of("dynamodb"), aws.of("sqs")
    except AwsCallFailed as error:
        elsewhere = f"; {_NAME_IT}" if error.aws_code == "ValidationError" else ""
        raise ClientError(f"the stack {stack} can't be read{place}: {error}{elsewhere}") from error
    value = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())}
    if not {"StateMachineArn", "RunsTableName"} <= set(value):
        raise ClientError(
            f"the stack {stack}{place} is not (or not completely) an Inference Unit Tuner: its status is "
            f"{described.get('StackStatus')}, and it has no outputs StateMachineArn and RunsTableName - {_NAME_IT}"
        )
    named = {"stack": stack if stack != STACK else None, "region": region, "profile": profile}
    price = float(value.get("PricePerInferenceUnitHourUsd", DEFAULT_PRICE_USD))
    options = _options({**named, "endpoint-url": endpoint_url})
    runs = RunsTable(dynamodb, value["RunsTableName"])
    return Deployment(aws, value, Tuner(states, value["StateMachineArn"], runs, price, options, sqs))


def _options(values: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(part for name, value in values.items() if value for part in (f"--{name}", value))
