"""The detections line: one image with the labels that a model found in it, as one line of JSON.

Batches write it, and the client's commands read it. Confidences are from 0 to 100, boxes are shares of the image's
width and height from 0 to 1.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class DetectionsError(ValueError):
    """A line is not a detections line. The message names the field, what it got and what it takes."""


@dataclass(frozen=True)
class Box:
    """A rectangle in an image, as shares of its width and height."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def of(cls, values: object, field: str = "box") -> Box:
        """Read a box from JSON values. Raises DetectionsError."""
        members = _mapping(values, field)
        return cls(*(_number(members, name, f"{field}.{name}") for name in ("left", "top", "width", "height")))

    def to_json(self) -> dict[str, float]:
        """The box as JSON values."""
        return {"left": self.left, "top": self.top, "width": self.width, "height": self.height}


@dataclass(frozen=True)
class Label:
    """A label of an image. A label of the whole image has no box."""

    name: str
    confidence: float
    box: Box | None = None

    @classmethod
    def of(cls, values: object, field: str = "label") -> Label:
        """Read a label from JSON values. Raises DetectionsError."""
        members = _mapping(values, field)
        box = members.get("box")
        return cls(
            _text(members, "name", f"{field}.name"),
            _number(members, "confidence", f"{field}.confidence"),
            None if box is None else Box.of(box, f"{field}.box"),
        )

    def to_json(self) -> dict[str, Any]:
        """The label as JSON values."""
        box = None if self.box is None else self.box.to_json()
        return {"name": self.name, "confidence": self.confidence, "box": box}


@dataclass(frozen=True)
class ListedImage:
    """An object in S3 that is to be analysed: its key, its ETag without quotes, its bytes, its version if known."""

    key: str
    e_tag: str
    size: int
    version_id: str | None = None

    @classmethod
    def of(cls, values: object) -> ListedImage:
        """Read an image from JSON values. Raises DetectionsError."""
        members = _mapping(values, "line")
        version_id = None if members.get("versionId") is None else _text(members, "versionId", "versionId")
        size = _number(members, "size", "size")
        if not isinstance(size, int) or size < 0:
            raise _wrong_type("size", size, "a whole number of bytes")
        return cls(_text(members, "key", "key"), _text(members, "eTag", "eTag"), size, version_id)

    def to_json(self) -> dict[str, Any]:
        """The image as JSON values."""
        return {"key": self.key, "eTag": self.e_tag, "versionId": self.version_id, "size": self.size}


@dataclass(frozen=True)
class Detections:
    """One image's labels.

    `ms` is the duration of the request that was accepted, `attempts` the number of requests that count as one, and
    `at` the time of the reply (ISO 8601).
    """

    image: ListedImage
    labels: tuple[Label, ...]
    ms: int
    attempts: int
    at: str

    @classmethod
    def of_line(cls, line: str | bytes) -> Detections:
        """Read a line. Raises DetectionsError."""
        try:
            members = _mapping(json.loads(line), "line")
        except (ValueError, RecursionError) as error:
            raise error if isinstance(error, DetectionsError) else _wrong_type("line", line, "a JSON object") from error
        return cls(
            ListedImage.of(members),
            labels_of(members),
            round(_number(members, "ms", "ms")),
            round(_number(members, "attempts", "attempts")),
            _text(members, "at", "at"),
        )

    def to_line(self) -> str:
        """The line, without its end."""
        labels = [label.to_json() for label in self.labels]
        results = {"labels": labels, "ms": self.ms, "attempts": self.attempts, "at": self.at}
        return json.dumps({**self.image.to_json(), **results})


def anomaly_label(result: Mapping[str, Any]) -> Label:
    """The verdict of a DetectAnomalyResult: `anomaly` or `normal`. Its confidence of 0 to 1 becomes 0 to 100.

    Raises:
        KeyError, TypeError: it is none.
    """
    return Label("anomaly" if result["IsAnomalous"] else "normal", round(100 * result["Confidence"], 4), None)


def labels_of(line: Mapping[str, Any]) -> tuple[Label, ...]:
    """The labels of a parsed line. Raises DetectionsError."""
    labels = line.get("labels")
    if not isinstance(labels, list | tuple):
        raise _wrong_type("labels", labels, "a list")
    return tuple(Label.of(label, f"labels[{number}]") for number, label in enumerate(labels))


def _mapping(values: object, field: str) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise _wrong_type(field, values, "a JSON object")
    return values


def _text(members: Mapping[str, Any], name: str, field: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise _wrong_type(field, value, "a text")
    return value


def _number(members: Mapping[str, Any], name: str, field: str) -> float:
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong_type(field, value, "a number")
    return value


def _wrong_type(field: str, value: object, valid_values: str) -> DetectionsError:
    return DetectionsError(f"{field}: got {str(value)[:100]!r}, takes {valid_values}")
