"""Looks at the images of a manifest in S3, for `manifest check --deep`. It needs Pillow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iu_tuner.cli.aws.s3.objects import Objects
from iu_tuner.vision.manifest.check import CheckedLine, Look
from iu_tuner.vision.manifest.finding import Finding
from iu_tuner.vision.manifest.images import FIRST_BYTES, image_faults


def look_at_images(region: str | None, profile: str | None, endpoint_url: str | None) -> Look:
    """A function that yields what is wrong with the images of some lines. Raises AwsCallFailed, as it does."""
    objects = Objects(region, profile, endpoint_url)

    def look(lines: Sequence[CheckedLine]) -> Iterator[Finding]:
        heads = objects.heads([(line.bucket, line.key) for line in lines], FIRST_BYTES)
        for line, head in zip(lines, heads, strict=True):
            if head is None:
                sentence = f"there is no object s3://{line.bucket}/{line.key}"
                yield Finding(line.number, "ERROR_INVALID_IMAGE", sentence)
                continue
            for code, sentence in image_faults(line.values, head.size, head.start):
                yield Finding(line.number, code, sentence)

    return look
