"""Answers of TensorFlow Serving's detection models and of SageMaker's built-in object detection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.formats.files import FileErrors, box_of, confidence_of, is_number, read_json, read_lines
from iu_tuner.vision.formats.labels import ImageLabels, Label

_VALID_ANSWER = (
    'takes {"predictions": [{"detection_boxes", "detection_classes", "detection_scores"}]} of TensorFlow Serving or'
    ' {"prediction": [[class, score, xmin, ymin, xmax, ymax]]} of SageMaker'
)


def read_tensorflow(path: Path) -> list[ImageLabels]:
    """Read a folder of `<image>.json`, one such file, or a file of JSON lines that have a `key` beside the answer.

    A label's name is its class's number as text (`"1"`): the answers have no names.

    Raises:
        UsageError: a file or a line is no such answer.
    """
    errors, images = FileErrors(path), []
    for location, key, answer in _answers(path):
        try:
            images.append(ImageLabels(key, tuple(_labels(answer))))
        except ValueError as error:
            errors.add(location, str(error))
    errors.raise_if_any()
    return images


def _answers(path: Path) -> Iterator[tuple[str, str, Any]]:
    if path.is_dir() or path.suffix == ".json":
        folder = path if path.is_dir() else path.parent
        for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
            name = file.relative_to(folder).as_posix()
            yield name, name.removesuffix(".json"), read_json(file)
        return
    for number, line in read_lines(path):
        if isinstance(line, ValueError):
            raise UsageError(f"{path}: line {number}: {line}")
        if not isinstance(line.get("key"), str):
            raise UsageError(f"{path}: line {number}: an answer takes a key, as it carries no image name")
        yield f"line {number}", line["key"], line


def _labels(answer: Any) -> Iterator[Label]:
    if isinstance(answer, dict) and isinstance(rows := answer.get("prediction"), list):
        yield from map(_sagemaker_label, rows)
        return
    predictions = answer.get("predictions") if isinstance(answer, dict) else None
    if not isinstance(predictions, list) or not all(isinstance(each, dict) for each in predictions):
        raise ValueError(_VALID_ANSWER)
    if predictions and "detection_boxes" not in predictions[0]:
        raise ValueError(f"its predictions are no answer of TensorFlow Serving; {_VALID_ANSWER}")
    if len(predictions) != 1:
        raise ValueError(f"an answer takes the predictions of one image; got {len(predictions)}")
    yield from _serving_labels(predictions[0])


def _serving_labels(prediction: dict[str, Any]) -> Iterator[Label]:
    lists = [prediction.get(f"detection_{name}") for name in ("boxes", "classes", "scores")]
    if not all(isinstance(each, list) for each in lists) or len({len(each or ()) for each in lists}) > 1:
        raise ValueError("detection_boxes, detection_classes and detection_scores take lists of one length")
    used_detections = prediction.get("num_detections", len(lists[0] or ()))
    if not is_number(used_detections):
        raise ValueError(f"num_detections takes a number; got {quoted(used_detections)}")
    for box, number, score in list(zip(*map(list, map(_as_list, lists)), strict=True))[: int(used_detections)]:
        if is_number(score) and score <= 0:  # an unused slot: 0, or -1 from some exporters
            continue
        if not isinstance(box, list) or len(box) != 4 or not all(map(is_number, box)):
            raise ValueError(f"a box takes [ymin, xmin, ymax, xmax]; got {quoted(box)}")
        top, left, bottom, right = box
        sides = [left, top, right - left, bottom - top]
        yield Label(_class_number(number), confidence_of(score, 1, "score"), box_of(sides, in_pixels=False))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _sagemaker_label(row: Any) -> Label:
    if not isinstance(row, list) or len(row) != 6 or not all(map(is_number, row)):
        raise ValueError(f"a prediction takes [class, score, xmin, ymin, xmax, ymax]; got {quoted(row)}")
    number, score, left, top, right, bottom = row
    box = box_of([left, top, right - left, bottom - top], in_pixels=False)
    return Label(_class_number(number), confidence_of(score, 1, "score"), box)


def _class_number(value: Any) -> str:
    if not is_number(value) or value != int(value):
        raise ValueError(f"a class takes a whole number; got {quoted(value)}")
    return str(int(value))
