"""The probe: each image is sent once, to find images that the model refuses and missing permissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iu_tuner.contract.errors import AccessDenied, NoUsableImages
from lambdas.aws.denials import advice
from lambdas.images.image import Image, SkippedImage
from lambdas.load.counts import WorkerCounts
from lambdas.load.failures import no_reply_error
from lambdas.load.step import StepPlan
from lambdas.models.facts import ServiceFacts
from lambdas.models.outcomes import DENIED, Reply


@dataclass(frozen=True)
class Probe:
    """The result of sending each image once: the counts, and the reply to each image."""

    plan: StepPlan
    counts: WorkerCounts
    replies: Sequence[tuple[Image, Reply]]
    service: ServiceFacts

    @property
    def refused_images(self) -> tuple[SkippedImage, ...]:
        """The images that the model refused, with its reasons."""
        return tuple(
            SkippedImage(image.key, f"the model refused it: {reply.outcome}: {reply.message}")
            for image, reply in self.replies
            if reply.outcome in self.service.image_refusals
        )

    def check(self) -> None:
        """Require at least one image that a measurement can use.

        Raises:
            AccessDenied, NoUsableImages, ModelLost, InternalError
        """
        service = self.service
        failures, messages = self.counts.failures, {reply.outcome: reply.message for _, reply in self.replies}
        if DENIED in failures:
            message = messages[DENIED]
            todo = advice(message, "name the model in the context key modelArns, and deploy again")
            raise AccessDenied(f"{service.action(service.operation)} was refused: {message.rstrip('.')} - {todo}")
        images, refused_images = len(self.replies), self.refused_images
        for name, todo in service.not_about_images.items():
            if failures.get(name) == images:
                message = messages[name].rstrip(".")
                raise NoUsableImages(f"{service.name} refused all {images} images alike: {message} ({name}) - {todo}")
        if len(refused_images) == images:
            reasons = "; ".join(f"{image.key}: {image.reason}" for image in refused_images[:5])
            raise NoUsableImages(f"the model refused all {images} images that were tried ({reasons}) - upload others")
        if sum(self.counts.failed) == images and not refused_images:
            raise no_reply_error(failures, images, messages)
