"""The Region of a bucket that the model's service reads itself."""

from __future__ import annotations

from iu_tuner.contract.choices import Source
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.model_arn import ModelArn
from lambdas.images.refusals import bucket_region
from lambdas.images.selection import s3_client


def require_same_region(bucket: str | None, source: Source, model_arn: str, own_bucket: str) -> None:
    """Require that images which the service itself reads are in the model's Region, as the stack's own bucket is.

    Raises:
        InvalidInput: the bucket is in another Region.
    """
    if source != "s3" or bucket is None or bucket == own_bucket:
        return
    region, model_region = bucket_region(s3_client(), bucket), ModelArn.of(model_arn).region
    if region not in (None, model_region):
        raise InvalidInput(
            f"images.bucket: got {bucket}, which is in {region}; takes, with images.source s3, a bucket in the"
            f" model's Region, {model_region} - copy the images there, or give images.source bytes"
        )
