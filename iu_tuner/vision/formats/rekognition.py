"""Answers of Rekognition Custom Labels and Lookout for Vision: `<key>.json` of uploads, detections lines of batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.formats.files import FileErrors, box_of, confidence_of, is_number, read_json, read_lines
from iu_tuner.vision.formats.labels import ImageLabels, Label

_SIDES = ("left", "top", "width", "height")


def read_results(folder: Path) -> list[ImageLabels]:
    """Read a folder of `<key>.json`: answers of DetectCustomLabels or DetectAnomalies.

    The key is that of the file's `Inference` block, else the path inside the folder without `.json`. An image with an
    error file has no result.

    Raises:
        UsageError: it is no folder, or a file is no such answer.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: the format results takes a folder of <key>.json")
    errors, images = FileErrors(folder), []
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        if name.endswith(".error.json"):
            continue
        answer = read_json(path)
        try:
            images.append(result_of(name.removesuffix(".json"), answer))
        except ValueError as error:
            errors.add(name, str(error))
    errors.raise_if_any()
    return images


def labels_of_answer(answer: Any) -> tuple[Label, ...]:
    """The labels of an answer of DetectCustomLabels (confidence 0 to 100) or DetectAnomalies (0 to 1).

    An anomaly's answer is one label without a box, `anomaly` or `normal`: its confidence belongs to that verdict.
    Raises ValueError with a sentence.
    """
    if isinstance(answer, dict) and isinstance(labels := answer.get("CustomLabels"), list):
        return tuple(map(_custom_label, labels))
    if isinstance(answer, dict) and isinstance(anomaly_result := answer.get("DetectAnomalyResult"), dict):
        if not isinstance(is_anomalous := anomaly_result.get("IsAnomalous"), bool):
            raise ValueError(f"IsAnomalous takes true or false; got {quoted(is_anomalous)}")
        return (Label("anomaly" if is_anomalous else "normal", confidence_of(anomaly_result.get("Confidence"), 1)),)
    raise ValueError("it has neither CustomLabels nor DetectAnomalyResult")


def result_of(key: str, answer: Any) -> ImageLabels:
    """The contents of a `<key>.json`. Raises ValueError with a sentence."""
    labels = labels_of_answer(answer)
    inference = answer.get("Inference")
    inference = inference if isinstance(inference, dict) else {}
    image = inference.get("image")
    stated_key = image.get("key") if isinstance(image, dict) else None
    return ImageLabels(
        stated_key if isinstance(stated_key, str) else key, labels, milliseconds=_milliseconds(inference)
    )


def _custom_label(label: Any) -> Label:
    if not isinstance(label, dict) or not isinstance(name := label.get("Name"), str):
        raise ValueError(f"a label takes a Name; got {quoted(label)}")
    box = (label.get("Geometry") or {}).get("BoundingBox")
    sides = box and [box.get(side.capitalize()) for side in _SIDES]
    return Label(name, confidence_of(label.get("Confidence"), 100), box_of(sides, in_pixels=False) if sides else None)


def read_detections(path: Path) -> list[ImageLabels]:
    """Read detections lines: a file, or a folder with the `part-<n>.jsonl` of a batch.

    Raises:
        UsageError: a line is none, or a key is there twice.
    """
    images: list[ImageLabels] = []
    for part in detections_parts(path):
        errors = FileErrors(part)
        for number, line in read_lines(part):
            try:
                images.append(detections_of(line))
            except ValueError as error:
                errors.add(f"line {number}", str(error))
        errors.raise_if_any()
    return images


def detections_parts(path: Path) -> Iterator[Path]:
    """The files of detections lines: `path` itself, or the parts in a folder. Raises UsageError if it has none."""
    if not path.is_dir():
        yield path
        return
    parts = sorted(path.glob("part-*.jsonl"))
    if not parts:
        raise UsageError(f"{path}: the format detections takes a .jsonl file, or a folder with part-<n>.jsonl")
    yield from parts


def detections_of(line: Any) -> ImageLabels:
    """The value of a detections line, or the ValueError that reading it gave. Raises ValueError with a sentence."""
    if isinstance(line, ValueError):
        raise line
    if not isinstance(key := line.get("key"), str) or not isinstance(labels := line.get("labels"), list):
        raise ValueError("a detections line takes a key and a list of labels")
    return ImageLabels(key, tuple(map(_line_label, labels)), milliseconds=_milliseconds(line))


def _line_label(label: Any) -> Label:
    if not isinstance(label, dict) or not isinstance(name := label.get("name"), str):
        raise ValueError(f"a label takes a name; got {quoted(label)}")
    box = label.get("box")
    if box is not None and not isinstance(box, dict):
        raise ValueError(f"box takes an object with left, top, width and height; got {quoted(box)}")
    sides = box and [box.get(side) for side in _SIDES]
    return Label(name, confidence_of(label.get("confidence"), 100), box_of(sides, in_pixels=False) if sides else None)


def _milliseconds(values: dict[str, Any]) -> float | None:
    return values["ms"] if is_number(values.get("ms")) else None
