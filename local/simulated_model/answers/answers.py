"""The answers of one model: the response's body for an image, or the code with which the image is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from iu_tuner.contract.detections import Label, labels_of
from local.simulated_model.answers.labels import random_labels, response_body
from local.simulated_model.answers.setup import INVALID_IMAGE, AnswerSetup, name_of

BODIES_KEPT = 20_000  # one for each image and way of asking; then the cache is cleared
OTHER_THRESHOLD = 50.0  # percent; of labels without an assumed threshold


class Answers:
    """Answers by image, with the model's assumed thresholds in percent by label.

    An image has a name in S3 (None if it came as bytes) and the SHA-256 of its content. `generate` makes the labels of
    images that no line names, `respond` the response's body.
    """

    def __init__(
        self,
        setup: AnswerSetup,
        generate: Callable[[bytes], tuple[Label, ...]] = random_labels,
        respond: Callable[[Iterable[Label]], bytes] = response_body,
    ) -> None:
        self._generate = generate
        self._respond = respond
        self.assumed_thresholds = setup.assumed_thresholds
        self._labels = {name_of(line): labels_of(line) for line in setup.detections}
        self._poison = {name_of(line): line.get("code", INVALID_IMAGE) for line in setup.poison}
        self._times = {name_of(line): line["times"] for line in setup.poison if line.get("times")}
        self._bodies: dict[tuple[str | None, bytes, int | None, float | None], bytes] = {}

    def refusal(self, key: str | None, content_sha256: bytes) -> str | None:
        """The code with which the image is refused this time. Returns None if it is answered."""
        if not self._poison:
            return None
        name = key if key in self._poison else content_sha256.hex()
        code = self._poison.get(name or "")
        if code is None or name not in self._times:
            return code
        self._times[name] -= 1
        return code if self._times[name] >= 0 else None

    def body(
        self, key: str | None, content_sha256: bytes, max_labels: int | None, min_confidence: float | None
    ) -> bytes:
        """The response's body: `max_labels` labels or fewer, with a confidence of `min_confidence` or more.

        If `min_confidence` is None, each label's assumed threshold counts.
        """
        asked = key if key in self._labels else None, content_sha256, max_labels, min_confidence
        body = self._bodies.get(asked)
        if body is None:
            if len(self._bodies) >= BODIES_KEPT:
                self._bodies.clear()
            labels = [
                label for label in self._all(asked[0], content_sha256) if self._is_answered(label, min_confidence)
            ]
            body = self._bodies[asked] = self._respond(labels[:max_labels])
        return body

    def _all(self, key: str | None, content_sha256: bytes) -> tuple[Label, ...]:
        labels = self._labels.get(key or content_sha256.hex())
        return self._generate(content_sha256) if labels is None else labels

    def _is_answered(self, label: Label, min_confidence: float | None) -> bool:
        if min_confidence is None:
            min_confidence = self.assumed_thresholds.get(label.name, OTHER_THRESHOLD)
        return label.confidence >= min_confidence
