"""Chooses the images of a strip. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from iu_tuner.vision.formats.labels import Label

IMAGES = 6  # of a strip


@dataclass(frozen=True)
class ProcessedImage:
    """An image with its labels; `e_tag` is that of the object that was analysed, without quotes."""

    key: str
    e_tag: str
    labels: tuple[Label, ...]

    @property
    def best(self) -> Label | None:
        """The most confident label, or None if nothing was found."""
        return max(self.labels, key=lambda label: label.confidence, default=None)


def choose(images: Sequence[ProcessedImage], number: int = IMAGES) -> list[ProcessedImage]:
    """At most `number` images, spread over the labels, and for each label over the confidences.

    An image counts for its most confident label; images without labels are a group of their own. The groups take
    turns, the largest first. The images of a group lie at even distances from its most to its least confident one.
    """
    groups: dict[str | None, list[ProcessedImage]] = defaultdict(list)
    for image in images:
        groups[image.best.name if image.best else None].append(image)
    by_size = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0] or ""))
    numbers = [0] * len(by_size)
    while sum(numbers) < min(number, len(images)):
        for group, (_, members) in enumerate(by_size):
            if sum(numbers) < number and numbers[group] < len(members):
                numbers[group] += 1
    return [
        image
        for number_of_group, (_, members) in zip(numbers, by_size, strict=True)
        for image in _spread(sorted(members, key=_confidence_and_key), number_of_group)
    ]


def _confidence_and_key(image: ProcessedImage) -> tuple[float, str]:
    return -image.best.confidence if image.best else 0.0, image.key


def _spread(images: Sequence[ProcessedImage], number: int) -> list[ProcessedImage]:
    """So many of the images at even distances, with the first and, if there are two or more, the last."""
    last, steps = len(images) - 1, max(1, number - 1)
    return [images[step * last // steps] for step in range(number)]
