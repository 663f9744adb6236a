"""What it tells to send each image once: which images the model refuses, and whether it lets this stack ask at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iu_tuner.contract.errors import AccessDenied, NoUsableImages
from lambdas.aws.denials import advice
from lambdas.images.image import Image, SkippedImage
from lambdas.load.counts import WorkerCounts
from lambdas.load.failures import no_reply_error
from lambdas.load.step import StepPlan
from lambdas.models.rekognition.reply import Reply

# Errors that are the image's fault; with any other the image stays in.
REFUSALS = frozenset(
    {
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidParameterException",
        "InvalidS3ObjectException",
        "ValidationException",
    }
)
# Refusals that, where all images get the same one, are not about the images, and what to do then.
NOT_ABOUT_IMAGES = {
    "InvalidS3ObjectException": "see that the bucket is in the model's Region and lets ProbeImages and ApplyLoad read,"
    " or give images.source bytes",
    "InvalidParameterException": "try one of them with the AWS CLI (aws rekognition detect-custom-labels)",
    "ValidationException": "try one of them with the AWS CLI (aws rekognition detect-custom-labels)",
}


@dataclass(frozen=True)
class Probe:
    """Each image sent once: the counts, and the reply to each."""

    plan: StepPlan
    counts: WorkerCounts
    replies: Sequence[tuple[Image, Reply]]

    @property
    def refused(self) -> tuple[SkippedImage, ...]:
        """The images that the model does not take, with its reasons."""
        return tuple(
            SkippedImage(image.key, f"the model refused it: {reply.outcome}: {reply.message}")
            for image, reply in self.replies
            if reply.outcome in REFUSALS
        )

    def check(self) -> None:
        """Is anything left to measure with?

        Raises:
            AccessDenied, NoUsableImages, ModelLost, InternalError
        """
        failures, words = self.counts.failures, {reply.outcome: reply.message for _, reply in self.replies}
        if "AccessDeniedException" in failures:
            said = words["AccessDeniedException"]
            todo = advice(said, "name the model in the context key modelArns, and deploy again")
            raise AccessDenied(f"rekognition:DetectCustomLabels was refused: {said.rstrip('.')} - {todo}")
        images, refused = len(self.replies), self.refused
        for name, todo in NOT_ABOUT_IMAGES.items():
            if failures.get(name) == images:
                said = words[name].rstrip(".")
                raise NoUsableImages(f"Rekognition refused all {images} images alike: {said} ({name}) - {todo}")
        if len(refused) == images:
            reasons = "; ".join(f"{image.key}: {image.reason}" for image in refused[:5])
            raise NoUsableImages(f"the model refused all {images} images that were tried ({reasons}) - upload others")
        if sum(self.counts.failed) == images and not refused:
            raise no_reply_error(failures, images, words)
