"""Rules about a manifest as a whole: its size, its images, its labels. Memory: 100 bytes a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.formats import count
from iu_tuner.vision.formats.manifest import BOXES, WHOLE_IMAGE
from iu_tuner.vision.manifest.addresses import bucket_and_key
from iu_tuner.vision.manifest.attributes import is_anomaly_line
from iu_tuner.vision.manifest.boxes import Fault

# The guide, "Guidelines and quotas" and "Validation rules for manifest files".
MAX_BYTES = 2**30
MAX_LINES = 250_000
MAX_LINES_OF_SMALL_REGIONS, MAX_TEST_LINES_OF_SMALL_REGIONS = 28_000, 7_000
SMALL_REGIONS = ("ap-south-1", "eu-west-2")  # Mumbai and London
MAX_LABELS = 250
MIN_LABELS, MIN_LABELS_WITH_BOXES = 2, 1
MAX_INVALID_RATIO = 0.2

OF_FILE = ("ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", "ERROR_MANIFEST_TOO_MANY_LABELS")
"""Codes that are reported at a line, although the line itself is valid."""


class FileRules:
    """What is known of the lines so far."""

    def __init__(self) -> None:
        self._first_lines: dict[int, int] = {}  # by the hash of an address, which takes less memory
        self._bucket = self._other_bucket = ""
        self._labels: set[str] = set()
        self._kinds: set[str] = set()
        self._is_for_anomalies = True

    def address_faults(self, number: int, line: dict[str, Any]) -> Iterator[Fault]:
        """The faults of the line's `…-ref` fields."""
        if "source-ref" not in line:
            yield "ERROR_MISSING_SOURCE_REF", "the line has no source-ref"
        for name, address in line.items():
            if name != "source-ref" and not (name.endswith("-ref") and isinstance(address, str)):
                continue
            location = bucket_and_key(address)
            if location is None:
                yield "ERROR_INVALID_SOURCE_REF_FORMAT", f"{name} takes s3://bucket/key; got {quoted(address)}"
            elif name == "source-ref":
                yield from self._image_faults(number, address, location[0])

    def label_faults(self, names: set[str], kinds: dict[str, str]) -> Iterator[Fault]:
        """Count the line's labels; the fault comes with the first label that is too many."""
        self._kinds.update(kinds.values())
        if names and not is_anomaly_line(names, kinds):
            self._is_for_anomalies = False
        if len(self._labels) <= MAX_LABELS:
            self._labels |= names
            if len(self._labels) > MAX_LABELS:
                sentence = f"here is label {MAX_LABELS + 1} of the file; takes at most {MAX_LABELS}"
                yield "ERROR_MANIFEST_TOO_MANY_LABELS", sentence

    def end_faults(self, lines: int, invalid_lines: int) -> Iterator[Fault]:
        """The faults of the file after all of its `lines`, of which `invalid_lines` have errors."""
        if invalid_lines > MAX_INVALID_RATIO * lines:
            sentence = f"{invalid_lines:,} of {lines:,} lines have errors; takes at most 20 %"
            yield "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST", sentence
        has_boxes = BOXES in self._kinds
        min_labels = MIN_LABELS_WITH_BOXES if has_boxes else MIN_LABELS
        has_classes = WHOLE_IMAGE in self._kinds and not self._is_for_anomalies
        if (has_boxes or has_classes) and len(self._labels) < min_labels:
            kind_text = "with boxes" if has_boxes else "without boxes"
            sentence = (
                f"the file has {count(len(self._labels), 'label')}; a data set {kind_text} takes at least {min_labels}"
            )
            yield "ERROR_MANIFEST_TOO_FEW_LABELS", sentence

    def _image_faults(self, number: int, address: str, bucket: str) -> Iterator[Fault]:
        first = self._first_lines.setdefault(hash(address), number)
        if first != number:
            yield "ERROR_DUPLICATE_SOURCE_REF", f"the image is that of line {first}, too: {address}"
        self._bucket = self._bucket or bucket
        if bucket != self._bucket and not self._other_bucket:
            self._other_bucket = bucket
            sentence = f"the image is in {bucket}, and the first one in {self._bucket}; takes images of one bucket"
            yield "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", sentence
