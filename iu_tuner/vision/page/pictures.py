"""Pictures of images with their boxes: objects, hits, missed objects, invented detections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from iu_tuner.vision.compare.comparison import Comparison, Evaluation
from iu_tuner.vision.compare.confusion import NOTHING, Pair
from iu_tuner.vision.page.markup import plain, text
from iu_tuner.vision.page.thumbnails import Thumbnails

KINDS = {
    "object": "object that is found",
    "hit": "detection of it",
    "missed": "missed object",
    "invented": "invented detection",
}


class Pictures:
    """Draws images of a comparison for one model."""

    def __init__(self, comparison: Comparison, evaluation: Evaluation, thumbnails: Thumbnails) -> None:
        self._comparison, self._evaluation, self._thumbnails = comparison, evaluation, thumbnails
        self._pairs: dict[int, list[Pair]] = defaultdict(list)
        for pair in evaluation.pairs:
            self._pairs[pair.image].append(pair)

    def figure(self, image: int, caption: str | None = None) -> str:
        """The image with its boxes, and a caption that says the same in words."""
        truth = self._comparison.truth.images[image]
        boxes = [box for pair in self._pairs[image] for box in self._boxes(pair)]
        width, height = truth.size or self._extent(image)
        id_ = self._thumbnails.id_of(truth.key)
        image_svg = f'<use href="#{id_}" width="{width}" height="{height}"/>' if id_ else ""
        box_svg = "".join(_rectangle(kind, box) for kind, box in boxes) if self._comparison.truth.has_boxes else ""
        words = caption or self._in_words(image)
        return (
            f'<figure><svg viewBox="0 0 {width} {height}" role="img" aria-label="{plain(f"{truth.key}: {words}")}">'
            f"{image_svg}{box_svg}</svg><figcaption><b>{text(truth.key)}</b><br>{text(words)}</figcaption></figure>"
        )

    def _boxes(self, pair: Pair) -> Iterable[tuple[str, tuple[float, ...]]]:
        matches = self._evaluation.matches
        is_hit = NOTHING not in (pair.truth, pair.detection) and (
            matches.truth.klass[pair.truth] == matches.detections.klass[pair.detection]
        )
        if pair.truth != NOTHING:
            yield "object" if is_hit else "missed", tuple(matches.truth.box[pair.truth].tolist())
        if pair.detection != NOTHING:
            yield "hit" if is_hit else "invented", tuple(matches.detections.box[pair.detection].tolist())

    def _in_words(self, image: int) -> str:
        """Each error on the image, by class."""
        matches, classes = self._evaluation.matches, self._comparison.classes
        counts: dict[str, int] = defaultdict(int)
        for pair in self._pairs[image]:
            true_class = None if pair.truth == NOTHING else classes[matches.truth.klass[pair.truth]]
            found_class = None if pair.detection == NOTHING else classes[matches.detections.klass[pair.detection]]
            if true_class == found_class:
                counts[f"{true_class} found"] += 1
            elif found_class is None:
                counts[f"{true_class} missed"] += 1
            elif true_class is None:
                counts[f"{found_class} invented"] += 1
            else:
                counts[f"{true_class} taken for {found_class}"] += 1
        return ", ".join(f"{number} {word}" for word, number in counts.items()) or "nothing there, nothing found"

    def _extent(self, image: int) -> tuple[int, int]:
        """The size that the boxes need, for an image of unknown size."""
        matches = self._evaluation.matches
        edges = [1.0]
        for boxes in (matches.truth, matches.detections):
            box = boxes.box[boxes.of(image)]
            edges += (box[:, :2] + box[:, 2:]).max(axis=1).tolist() if len(box) else []
        max_edge = int(max(edges)) + 1
        return max_edge, max_edge


def legend() -> str:
    """The legend of the boxes."""
    items = "".join(
        f'<li><svg viewBox="0 0 16 10" aria-hidden="true">{_rectangle(name, (1, 1, 14, 8))}</svg>{meaning}</li>'
        for name, meaning in KINDS.items()
    )
    return f'<ul class="key">{items}</ul>'


def errors_in_words(missed: int, invented: int, too_large: int) -> str:
    """The errors on an image, in words."""
    return f"{missed} missed, {invented} invented, {too_large} too large"


def _rectangle(kind: str, box: tuple[float, ...]) -> str:
    left, top, width, height = (f"{side:g}" for side in box)
    position = f'x="{left}" y="{top}" width="{width}" height="{height}"'
    return f'<rect class="halo" {position}/><rect class="{kind}" {position}/>'
