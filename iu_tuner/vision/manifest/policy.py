"""The bucket policy that lets Rekognition Custom Labels read images and manifests, and write training results."""

from __future__ import annotations

from typing import Any

_READ_IMAGE = ["s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectVersion", "s3:GetObjectTagging"]


def bucket_policy(bucket: str, account: str) -> dict[str, Any]:
    """The four statements of the guide ("Set up permissions"), each for requests on behalf of `account` alone.

    The condition on aws:SourceAccount, which the guide's policy lacks, keeps other accounts from having the service
    read this bucket for them.
    """
    of_bucket, of_objects = f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("ReadBucket", ["s3:GetBucketAcl", "s3:GetBucketLocation"], of_bucket, account),
            _allow("ReadObjects", _READ_IMAGE, of_objects, account),
            _allow("ReadBucketAclToWrite", ["s3:GetBucketAcl"], of_bucket, account),
            _allow("WriteObjects", ["s3:PutObject"], of_objects, account, **_OWNED_BY_BUCKET),
        ],
    }


_OWNED_BY_BUCKET = {"s3:x-amz-acl": "bucket-owner-full-control"}


def _allow(name: str, actions: list[str], resource: str, account: str, **conditions: str) -> dict[str, Any]:
    return {
        "Sid": f"CustomLabels{name}",
        "Effect": "Allow",
        "Principal": {"Service": "rekognition.amazonaws.com"},
        "Action": actions,
        "Resource": resource,
        "Condition": {"StringEquals": {"aws:SourceAccount": account, **conditions}},
    }
