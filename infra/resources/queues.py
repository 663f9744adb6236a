"""Queues: encrypted, with TLS only, and with dead-letter queues, so that no message is lost unnoticed."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.resources.encryption import customer_key
from infra.resources.permissions import acknowledge
from infra.settings.settings import Settings

KEPT = cdk.Duration.days(14)  # the maximum of SQS, as a person has to read the messages


def work_queue(
    scope: Construct,
    construct_id: str,
    *,
    settings: Settings,
    visibility: cdk.Duration,
    receives: int,
    name: str | None = None,
    key: kms.IKey | None = None,
) -> sqs.Queue:
    """A queue whose messages reappear after `visibility`, and become dead letters after `receives` receives.

    Its `dead_letter_queue` is `<construct_id>DeadLetters`; pass it to the alarms. `key` encrypts both instead of the
    key of the settings.
    """
    dead_letters = dead_letter_queue(
        scope, f"{construct_id}DeadLetters", settings=settings, name=name and f"{name}-dead-letters", key=key
    )
    return _queue(
        scope,
        construct_id,
        settings=settings,
        visibility=visibility,
        dead_letters=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=receives),
        name=name,
        key=key,
    )


def dead_letter_queue(
    scope: Construct, construct_id: str, *, settings: Settings, name: str | None = None, key: kms.IKey | None = None
) -> sqs.Queue:
    """A queue for messages that a rule, a schedule or a work queue could not deliver; pass it to the alarms."""
    queue = _queue(scope, construct_id, settings=settings, name=name, key=key)
    acknowledge(queue, {"AwsSolutions-SQS3": "It is the dead-letter queue; an alarm watches it."})
    return queue


def scheduler_role(scope: Construct, construct_id: str, *, undelivered: sqs.IQueue) -> iam.Role:
    """The role of this account's schedules; their targets grant it the permission to start them.

    A schedule sends its dead letters with this role. The CDK allows it to send, but not to encrypt.
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
    name: str | None = None,
    key: kms.IKey | None = None,
) -> sqs.Queue:
    key = key or customer_key(scope, f"{construct_id}Key", settings=settings)
    queue = sqs.Queue(
        scope,
        construct_id,
        queue_name=name,
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        # The embedded AWS uses plain HTTP on loopback, so this policy would refuse every message.
        enforce_ssl=not settings.local,
        retention_period=KEPT,
        visibility_timeout=visibility,
        dead_letter_queue=dead_letters,
    )
    if settings.local:
        acknowledge(queue, {"AwsSolutions-SQS4": "Plain HTTP, but it never leaves the machine."})
    return queue
