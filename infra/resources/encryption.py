"""The user's key, where there is one; without it every service encrypts with a key that AWS keeps."""

from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.settings.settings import Settings


def customer_key(scope: Construct, construct_id: str, *, settings: Settings) -> kms.IKey | None:
    """A reference to the key of the setting `kmsKeyArn`; None: there is none.

    A key from elsewhere keeps its policy: the CDK can't change it. Which AWS services it has to let in
    stands in docs/security.md.
    """
    if settings.kms_key_arn is None:
        return None
    return kms.Key.from_key_arn(scope, construct_id, settings.kms_key_arn)
