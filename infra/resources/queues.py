"""Queues: encrypted, over TLS only, and none that loses a message without a sign."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.resources.encryption import customer_key
from infra.resources.permissions import acknowledge
from infra.settings.settings import Settings

KEPT = cdk.Duration.days(14)  # as long as SQS can: somebody has to find the time to look


def work_queue(
    scope: Construct, construct_id: str, *, settings: Settings, visibility: cdk.Duration, receives: int
) -> sqs.Queue:
    """A queue whose messages come back after `visibility`, and are dead letters after that many receives.

    Its `dead_letter_queue` is a queue of its own, `<construct_id>DeadLetters`: give it to the alarms.
    """
    dead_letters = dead_letter_queue(scope, f"{construct_id}DeadLetters", settings=settings)
    return _queue(
        scope,
        construct_id,
        settings=settings,
        visibility=visibility,
        dead_letters=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=receives),
    )


def dead_letter_queue(scope: Construct, construct_id: str, *, settings: Settings) -> sqs.Queue:
    """What a rule, a schedule or a work queue could not deliver; give it to the alarms."""
    queue = _queue(scope, construct_id, settings=settings)
    acknowledge(queue, {"AwsSolutions-SQS3": "It is the dead-letter queue; an alarm watches it."})
    return queue


def scheduler_role(scope: Construct, construct_id: str, *, undelivered: sqs.IQueue) -> iam.Role:
    """The role of schedules of this account; what they are to start, their target allows.

    A schedule sends its dead letters as its role, which the CDK lets send but not encrypt.
    """
    role = iam.Role(
        scope,
        construct_id,
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(scope).account}}
        ),
    )
    if undelivered.encryption_master_key is not None:
        undelivered.encryption_master_key.grant(role, "kms:Decrypt", "kms:GenerateDataKey")
    return role


def _queue(
    scope: Construct,
    construct_id: str,
    *,
    settings: Settings,
    visibility: cdk.Duration | None = None,
    dead_letters: sqs.DeadLetterQueue | None = None,
) -> sqs.Queue:
    key = customer_key(scope, f"{construct_id}Key", settings=settings)
    queue = sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        # The embedded AWS speaks plain HTTP on loopback, and would refuse every message.
        enforce_ssl=not settings.local,
        retention_period=KEPT,
        visibility_timeout=visibility,
        dead_letter_queue=dead_letters,
    )
    if settings.local:
        acknowledge(queue, {"AwsSolutions-SQS4": "Plain HTTP, but it never leaves the machine."})
    return queue
