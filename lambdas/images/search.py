"""Searches a listing for images. It inspects objects named like images first, spread evenly over the sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from iu_tuner.contract.choices import Source
from iu_tuner.contract.names import REPORT_PREFIX
from lambdas.aws.errors import ClientError
from lambdas.images.check import fault_in_content, fault_in_listing, fault_of_refusal
from lambdas.images.coverage import Sample
from lambdas.images.formats import COMPANION_FILE, OTHER_PICTURES, picture_kind_by_name
from lambdas.images.image import Fault, Image, SkippedImage, is_called_image
from lambdas.images.refusals import is_denied

MAX_IMAGES = 24  # sent in turn: with more images, a step would not send each equally often
MAX_INSPECTED = 2_000  # objects read until enough images are found; they take Prepare a few seconds

NameKind = Literal["image", "anything", "other picture", "report"]  # in the order of inspection


class ImageSearch:
    """A search and its result so far: `images` that can be sent, `skipped` objects, a sample per kind of name."""

    def __init__(self, client: Any, bucket: str, source: Source) -> None:
        self._client, self._bucket, self._source = client, bucket, source
        self._refusals: list[ClientError] = []
        self._inspections_left = MAX_INSPECTED
        self.images: list[Image] = []
        self.skipped: list[SkippedImage] = []
        self.samples: list[Sample] = []

    def look_through(self, objects: Sequence[Image]) -> None:
        """Inspect objects until MAX_IMAGES images are found, but at most MAX_INSPECTED objects.

        Raises:
            ClientError: S3 fails, or refuses all objects.
        """
        groups: dict[NameKind, list[Image]] = {"image": [], "anything": [], "other picture": [], "report": []}
        for image in sorted(objects, key=lambda image: (image.bytes, image.key)):
            groups[_name_kind(image.key)].append(image)
        groups["image"] = self._without_listing_faults(groups["image"])
        with ThreadPoolExecutor(MAX_IMAGES) as threads:
            for name_kind, group in groups.items():
                if name_kind == "other picture" and self._is_finished:
                    self._leave_out_by_name(group)
                self._inspect(group, name_kind, threads)
        # If S3 refuses all objects, the images are not the cause.
        denied = [error for error in self._refusals if is_denied(error)]
        if not self.images and (denied or len(self._refusals) == len(self.skipped) > 0):
            raise (denied or self._refusals)[0]

    @property
    def _is_finished(self) -> bool:
        is_all_denied = not self.images and sum(map(is_denied, self._refusals)) >= MAX_IMAGES
        return len(self.images) == MAX_IMAGES or is_all_denied or not self._inspections_left

    def _without_listing_faults(self, group: Sequence[Image]) -> list[Image]:
        """The images of a group without a fault in the listing. The others are skipped without reading them."""
        remaining, left_out = [], Counter[str]()
        for image in group:
            if (fault := fault_in_listing(self._bucket, image, self._source)) is None:
                remaining.append(image)
            else:
                self._skip(image, fault)
                left_out.update(_image_fault_kinds("image", fault))
        skipped_count = len(group) - len(remaining)
        self.samples.append(Sample(skipped_count, skipped_count, 0, left_out))
        return remaining

    def _leave_out_by_name(self, group: Sequence[Image]) -> None:
        left_out = Counter[str]()
        for image in group:
            name = picture_kind_by_name(image.key)
            left_out[name] += 1
            self._skip(image, Fault(name, f"its name says that it is {name}: convert it to JPEG or PNG"))
        self.samples.append(Sample(len(group), len(group), 0, left_out))

    def _inspect(self, group: Sequence[Image], name_kind: NameKind, threads: ThreadPoolExecutor) -> None:
        looked_at, usable, left_out = 0, 0, Counter[str]()
        sampled = list(_evenly_sampled(group))
        while not self._is_finished and looked_at < len(group):
            batch = sampled[looked_at : looked_at + min(MAX_IMAGES, self._inspections_left)]
            for image, fault in zip(batch, threads.map(self._fault_of, batch), strict=True):
                if fault is not None:
                    self._skip(image, fault)
                    left_out.update(_image_fault_kinds(name_kind, fault))
                    continue
                usable += 1
                if len(self.images) < MAX_IMAGES:
                    self.images.append(image)
            looked_at += len(batch)
            self._inspections_left -= len(batch)
        self.samples.append(Sample(len(group), looked_at, usable, left_out))

    def _fault_of(self, image: Image) -> Fault | None:
        try:
            return fault_in_listing(self._bucket, image, self._source) or fault_in_content(
                self._client, self._bucket, image
            )
        except ClientError as error:
            if (fault := fault_of_refusal(error)) is None:
                raise
            self._refusals.append(error)
            return fault

    def _skip(self, image: Image, fault: Fault) -> None:
        self.skipped.append(SkippedImage(image.key, fault.reason, fault.kind))


def _name_kind(key: str) -> NameKind:
    if key.startswith(REPORT_PREFIX):
        return "report"
    if is_called_image(key):
        return "image"
    return "other picture" if picture_kind_by_name(key) else "anything"


def _image_fault_kinds(name_kind: NameKind, fault: Fault) -> list[str]:
    """The fault's kind if the object counts as one of the user's images."""
    is_image = name_kind in ("image", "other picture") and fault.kind != COMPANION_FILE
    return [fault.kind] if is_image or fault.kind in OTHER_PICTURES else []


def _evenly_sampled(objects: Sequence[Image]) -> Iterator[Image]:
    """Reorder objects that are sorted by size, so that any number of first objects is spread evenly over the sizes."""
    step = max(1.0, len(objects) / MAX_IMAGES)
    first_indexes = {int((index + 0.5) * step) for index in range(min(MAX_IMAGES, len(objects)))}
    yield from (objects[index] for index in sorted(first_indexes))
    bits = len(objects).bit_length()
    for number in range(2**bits):
        # The reversed bits of 0, 1, 2, … give 0, 1/2, 1/4, 3/4, 1/8, …: each lies between earlier ones.
        index = int(f"{number:0{bits}b}"[::-1], 2)
        if index < len(objects) and index not in first_indexes:
            yield objects[index]
