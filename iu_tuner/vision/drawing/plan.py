"""Brings images, results and the selection of labels together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from iu_tuner.contract.input_errors import quoted
from iu_tuner.vision.drawing.images import ImageFile
from iu_tuner.vision.drawing.job import Job
from iu_tuner.vision.drawing.results import Matcher, NoResult, Result, Results
from iu_tuner.vision.drawing.selection import Selection


@dataclass(frozen=True)
class ImageWithResult:
    """An image with its result, or with the sentence that says why there is none."""

    image: ImageFile
    result: Result | str


class Plan:
    """The images of a command, each with what is shown on it."""

    def __init__(self, images: Sequence[ImageFile], results: Results, selection: Selection) -> None:
        self._images, self._results, self._selection = images, results, selection
        self._names: set[str] = set()

    def images_with_results(self) -> Iterator[ImageWithResult]:
        """Each image with its result. Labels that are never shown are left out; thresholds are not applied."""
        matcher = Matcher(self._images, self._results)
        for image in self._images:
            try:
                result = self._results.read(matcher.key_of(image))
            except NoResult as reason:
                yield ImageWithResult(image, str(reason))
                continue
            self._names.update(label.name for label in result.labels)
            yield ImageWithResult(image, Result(self._selection.named(result.labels), result.anomalies))

    def jobs(self, out: Path, *, is_upright: bool, font: str | None) -> Iterator[Job]:
        """A job for each image. Two images that would be one file, and one that would overwrite itself, are refused."""
        drawn_names: set[str] = set()
        for image_with_result in self.images_with_results():
            image, result, error = image_with_result.image, image_with_result.result, ""
            target = out / image.name
            if isinstance(result, str):
                error = result
            elif image.name.lower() in drawn_names:
                error = "another image has been drawn under this name"
            elif target.exists() and target.samefile(image.path):
                error = "its drawing would overwrite it: give another --out"
            drawn_names.add(image.name.lower())
            if isinstance(result, str) or error:
                yield Job(image.name, image.path, target, error=error)
                continue
            labels = self._selection.of(result.labels)
            yield Job(image.name, image.path, target, labels, result.anomalies, is_upright=is_upright, font=font)

    def notes(self) -> Iterator[str]:
        """Sentences about the results as a whole, once all images have been read."""
        yield from self._results.notes
        for name in self._selection.names:
            if self._names and name not in self._names:
                yield f"--labels: no result has the label {quoted(name)}; they have {', '.join(sorted(self._names))}"
        without_threshold = sorted(self._names - set(self._selection.by_label))
        if self._selection.by_label and without_threshold:
            yield f"there is no threshold for {', '.join(without_threshold)}: every such label is shown"
