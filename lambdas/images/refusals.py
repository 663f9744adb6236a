"""Converts S3's refusals to errors of the run, with S3's own message and what to do."""

from __future__ import annotations

import re
from typing import Any

from iu_tuner.contract.errors import AccessDenied, NoUsableImages
from lambdas.aws.denials import advice
from lambdas.aws.errors import BotoCoreError, ClientError, code_of, message_of, status_of

_NO_BUCKET_CODES = ("NoSuchBucket", "InvalidBucketName")
_OTHER_REGION_CODES = ("PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
_ARCHIVED_CODE = "InvalidObjectState"  # has status 403, although no permission is missing
_KMS_PATTERN = re.compile(r"\bkms\b", re.IGNORECASE)


def is_denied(error: ClientError) -> bool:
    """Whether a permission is missing: for the bucket, the object or the KMS key."""
    code = code_of(error)
    is_forbidden = status_of(error) == 403 and code != _ARCHIVED_CODE
    return is_forbidden or code.startswith("KMS.") or code in ("AccessDenied", "403")


def is_outage(error: ClientError) -> bool:
    """Whether S3 itself failed, so that the object may be fine."""
    return status_of(error) >= 500


def run_error_of(error: ClientError, bucket: str, key: str) -> Exception:
    """The run's error for a refused key or prefix. Returns an outage unchanged."""
    code = code_of(error)
    where = f"s3://{bucket}/{key}"
    if is_denied(error):
        return AccessDenied(f"{where} is not readable for this stack: {_s3_message(error)} - {_advice(error)}")
    if code in _NO_BUCKET_CODES:
        return NoUsableImages(f"there is no bucket {bucket} - check images.bucket ({_s3_message(error)})")
    if code in _OTHER_REGION_CODES:
        return NoUsableImages(
            f"the bucket {bucket} is in another Region: {_s3_message(error)} - name one in the model's Region, or"
            " copy the images to the stack's bucket"
        )
    if is_outage(error):
        return error
    todo = "restore them from their archive, or name" if code == _ARCHIVED_CODE else "check images.bucket, or name"
    return NoUsableImages(f"S3 does not give {where} out: {_s3_message(error)} - {todo} other images")


def _s3_message(error: ClientError) -> str:
    """S3's message, the operation and the error's name."""
    message, code = message_of(error).rstrip("."), code_of(error)
    return f"{message} ({error.operation_name}: {code})" if message else f"{error.operation_name}: {code}"


def bucket_region(client: Any, bucket: str) -> str | None:
    """The Region of a bucket, from S3's reply or from its refusal. Returns None if neither names it."""
    try:
        answer = client.head_bucket(Bucket=bucket)["ResponseMetadata"]
    except BotoCoreError:
        return None
    except ClientError as error:
        answer = error.response.get("ResponseMetadata", {})
    region = answer.get("HTTPHeaders", {}).get("x-amz-bucket-region")
    return str(region) if region else None


def _advice(error: ClientError) -> str:
    is_about_kms = _KMS_PATTERN.search(f"{code_of(error)} {message_of(error)}")
    kms_advice = (
        "the images are encrypted with a KMS key that the stack's roles can't use: deploy with this key in the context"
        " key kmsKeyArn and see that its policy lets the account's roles in, or name images in another bucket"
    )
    bucket_advice = (
        "deploy with this bucket in the context key imageBuckets (if it is the stack's own: with this prefix in"
        " imagePrefixes), or name other images"
    )
    return advice(message_of(error), kms_advice if is_about_kms else bucket_advice)
