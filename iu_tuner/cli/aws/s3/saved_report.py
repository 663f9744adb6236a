"""Saves the report of a run on this machine; that of a batch gets a strip of its images where Pillow is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iu_tuner.cli.aws.errors import AwsCallFailed, calling_aws
from iu_tuner.cli.aws.stack import Deployment
from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.detections import ListedImage
from iu_tuner.contract.names import REPORT_PREFIX
from iu_tuner.contract.output.json_values import from_json
from iu_tuner.formats import count

if TYPE_CHECKING:
    from iu_tuner.vision.strip.choice import ProcessedImage

# What is read of the detections lines of a large batch: 2 MB, in which there are a thousand lines or more.
MAX_PARTS, PART_BYTES = 8, 256 * 1024


@dataclass(frozen=True)
class RunReport:
    """The report of a run. `bucket` holds reports, `images_bucket` the images of a batch."""

    s3: Any
    bucket: str
    images_bucket: str
    run_id: str

    @classmethod
    def of(cls, deployment: Deployment, run_id: str, execution_input: Mapping[str, Any]) -> RunReport:
        """The report of a run of this deployment. Raises ClientError."""
        with calling_aws():
            s3 = deployment.aws.of("s3")
        image_bucket = deployment.image_bucket
        images = execution_input.get("images")
        named_bucket = images.get("bucket") if isinstance(images, Mapping) else None
        return cls(s3, deployment.outputs.get("ReportBucketName", image_bucket), named_bucket or image_bucket, run_id)

    def save(self, path: Path, output: Mapping[str, Any] | None) -> str:
        """Write the page to a file. Returns a sentence about it, also where S3 does not give the page.

        `output` is the execution's, or None if the run failed. Raises OSError.
        """
        try:
            page = self._read(self.bucket, f"{REPORT_PREFIX}{self.run_id}/report.html").decode()
        except AwsCallFailed as error:
            return f"the report can't be read: {error}"
        pictures_note = ""
        if output is not None and output.get("task") == "process" and output.get("manifestUri"):
            page, pictures_note = self._with_strip(page, from_json(BatchOutput, output))
        path.write_text(page, "utf-8")
        return f"the report is in {path}{pictures_note}"

    def _with_strip(self, page: str, output: BatchOutput) -> tuple[str, str]:
        """The page with a strip, and what to say about it: nothing where Pillow is not installed."""
        try:
            from iu_tuner.vision.strip.choice import choose
            from iu_tuner.vision.strip.section import thumbnail, with_strip
        except ModuleNotFoundError:
            return page, ""
        try:
            chosen_images = choose(list(self._processed_images(str(output.manifest_uri))))
            contents = ((image, self._image(image)) for image in chosen_images)
            all_thumbnails = [thumbnail(image, content) for image, content in contents if content is not None]
        except AwsCallFailed as error:
            return page, f", without pictures: {error}"
        thumbnails = [each for each in all_thumbnails if each is not None]
        note = f", with {count(len(thumbnails), 'picture')}" if thumbnails else ""
        return with_strip(page, thumbnails, output.images.done + output.images.current), note

    def _processed_images(self, manifest_uri: str) -> Iterator[ProcessedImage]:
        """The images of some parts at even distances, in the part's first bytes: the last line may be cut off."""
        bucket, _, key = manifest_uri.removeprefix("s3://").partition("/")
        parts = [part for part in json.loads(self._read(bucket, key))["parts"] if part["lines"]]
        for part in parts[:: -(-len(parts) // MAX_PARTS) or 1]:
            content = self._read(bucket, part["key"], Range=f"bytes=0-{PART_BYTES - 1}")
            yield from _images_of(content.decode(errors="replace").split("\n")[:-1])

    def _image(self, image: ProcessedImage) -> bytes | None:
        """The image that was analysed. Returns None if it is no longer there."""
        try:
            with calling_aws():
                reply = self.s3.get_object(Bucket=self.images_bucket, Key=image.key)
                return reply["Body"].read() if reply["ETag"].strip('"') == image.e_tag else None
        except AwsCallFailed as error:
            if error.aws_code == "NoSuchKey":
                return None
            raise

    def _read(self, bucket: str, key: str, **arguments: str) -> bytes:
        with calling_aws():
            body: bytes = self.s3.get_object(Bucket=bucket, Key=key, **arguments)["Body"].read()
        return body


def _images_of(lines: Sequence[str]) -> Iterator[ProcessedImage]:
    """The images in detections lines. Lines that are none are passed over."""
    from iu_tuner.vision.formats.rekognition import detections_of
    from iu_tuner.vision.strip.choice import ProcessedImage

    for line in lines:
        with suppress(ValueError):
            values = json.loads(line)
            image = ListedImage.of(values)
            yield ProcessedImage(image.key, image.e_tag, detections_of(values).labels)
