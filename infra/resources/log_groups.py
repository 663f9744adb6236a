"""Log groups with a retention time and encryption; they are deleted with the stack."""

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.resources.encryption import customer_key
from infra.settings.settings import Settings


def log_group(scope: Construct, construct_id: str, *, settings: Settings, name: str | None = None) -> logs.LogGroup:
    """A log group with a retention of one month, deleted with the stack; the results of runs are not in logs."""
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        retention=logs.RetentionDays.ONE_MONTH,
        encryption_key=customer_key(scope, f"{construct_id}Key", settings=settings),
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
