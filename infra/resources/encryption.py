"""The customer-managed key of the settings. Without it every service encrypts with a key that AWS manages."""

from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.settings.settings import Settings


def customer_key(scope: Construct, construct_id: str, *, settings: Settings) -> kms.IKey | None:
    """A reference to the key of the setting `kmsKeyArn`. Returns None if it is not set.

    The CDK can't change the policy of an imported key. docs/security.md lists the AWS services that the policy has to
    allow.
    """
    if settings.kms_key_arn is None:
        return None
    return kms.Key.from_key_arn(scope, construct_id, settings.kms_key_arn)
