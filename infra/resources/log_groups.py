"""Log groups: with an end, encrypted, and gone with the stack."""

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.resources.encryption import customer_key
from infra.settings.settings import Settings


def log_group(scope: Construct, construct_id: str, *, settings: Settings, name: str | None = None) -> logs.LogGroup:
    """Logs explain a run; its results are in the table. They end after a month, and go when the stack goes."""
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        retention=logs.RetentionDays.ONE_MONTH,
        encryption_key=customer_key(scope, f"{construct_id}Key", settings=settings),
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
