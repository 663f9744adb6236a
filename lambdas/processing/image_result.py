"""The result of an image as a file: where it lies, what it contains, and whether it is current. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.detections import Detections, ListedImage
from iu_tuner.contract.names import MASK_SUFFIX
from iu_tuner.contract.uploads.current import is_current, result_metadata
from lambdas.models.ports import Result
from lambdas.processing.outcomes import Failure

BLOCK_VERSION = 1  # of the block "Inference"
MAX_KEY_BYTES = 1024  # of a key in S3, in UTF-8


@dataclass(frozen=True)
class Question:
    """What is asked about each image.

    Labels from `min_confidence` on (0 to 100) are wanted; None means the thresholds that the model assumes. With
    `keep_from`, labels from that confidence on are asked for and kept, so that a later change of the threshold costs
    nothing.
    """

    model_arn: str
    bucket: str
    min_confidence: float | None = None
    keep_from: float | None = None

    @property
    def requested_confidence(self) -> float | None:
        """The confidence that a request names."""
        return self.min_confidence if self.keep_from is None else self.keep_from

    def metadata(self, image: ListedImage) -> dict[str, str]:
        """The metadata of the image's result, by which it is known as current."""
        return result_metadata(image.e_tag, self.model_arn, self.requested_confidence)

    def is_current(self, image: ListedImage, metadata: Mapping[str, str]) -> bool:
        """Whether a result with this metadata is what the model would answer now."""
        return is_current(self.metadata(image), metadata)

    def inference(self, image: ListedImage) -> dict[str, Any]:
        """The part of the block "Inference" that says what was asked."""
        keep_values = {} if self.keep_from is None else {"keepFrom": self.keep_from}
        image_values = {"bucket": self.bucket, **image.to_json()}
        return {
            "version": BLOCK_VERSION,
            "modelArn": self.model_arn,
            "minConfidence": self.min_confidence,
            **keep_values,
            "image": image_values,
        }


@dataclass(frozen=True)
class ResultKeys:
    """The keys of results. Without a prefix they lie beside their images."""

    prefix: str = ""
    suffix: str = ".json"

    def of_result(self, key: str) -> str:
        """The key of the image's result."""
        return f"{self.prefix}{key}{self.suffix}"

    def of_error(self, key: str) -> str:
        """The key of the file that says why there is no result."""
        return f"{self.prefix}{key}.error{self.suffix}"

    def of_mask(self, key: str) -> str:
        """The key of the mask that belongs to the image's result."""
        return f"{self.prefix}{key}{MASK_SUFFIX}"


def is_too_long(key: str) -> bool:
    """Whether S3 refuses this key."""
    return len(key.encode()) > MAX_KEY_BYTES


def result_file(question: Question, result: Result, detections: Detections) -> bytes:
    """The result's content: the answer as boto3 gives it, and the block "Inference"."""
    request_values = {"at": detections.at, "ms": detections.ms, "attempts": detections.attempts}
    return json.dumps(
        {**result.members, "Inference": {**question.inference(detections.image), **request_values}}
    ).encode()


def error_file(question: Question, failure: Failure, at: str) -> bytes:
    """The content of the file that says why there is no result. `at` is the time in ISO 8601."""
    error = {"Code": failure.error, "Message": failure.message, "Permanent": failure.permanent}
    inference = {**question.inference(failure.image), "at": at, "attempts": failure.attempts}
    return json.dumps({"Error": error, "Inference": inference}).encode()
