"""Compares models by their files: reads truth and predictions, and writes `compare.json` and `compare.html`."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError
from iu_tuner.formats import count
from iu_tuner.vision.compare.alignment import align
from iu_tuner.vision.compare.comparison import Candidate, Comparison, compare
from iu_tuner.vision.compare.money import Running, with_run
from iu_tuner.vision.compare.output import to_json
from iu_tuner.vision.compare.provenance import provenance
from iu_tuner.vision.formats.files import confidence_of, read_json
from iu_tuner.vision.formats.labels import DataSet
from iu_tuner.vision.formats.read import read_class_map, read_predictions, read_truth
from iu_tuner.vision.formats.sources import parse_source, parse_truth
from iu_tuner.vision.page.page import page
from iu_tuner.vision.statistics.thresholds import Costs

MIN_TIMED = 20  # requests: with fewer, a 95th percentile says nothing


@dataclass(frozen=True)
class ModelFiles:
    """What the user gave of a model. `predictions` is PATH[:FORMAT]; `run` is the output of a measuring run."""

    predictions: str
    threshold: float | None = None
    assumed: Path | None = None
    class_map: Path | None = None
    run: Path | None = None
    running: Running = field(default_factory=Running)


@dataclass(frozen=True)
class Request:
    """What is compared, and how. `images` is a folder with the image files, for the page."""

    truth: str
    models: Mapping[str, ModelFiles]
    iou: float = 0.5
    missing_as_empty: bool = False
    ignore_other_images: bool = False
    costs: Costs | None = None
    images: Path | None = None


@dataclass(frozen=True)
class Result:
    """`output` is the contents of `compare.json`; `lines` are sentences about odd things in the inputs."""

    comparison: Comparison
    output: dict[str, Any]
    lines: tuple[str, ...]


def compare_files(request: Request) -> Result:
    """Read the files and compare. Raises UsageError with sentences about what can't be read or compared."""
    with _without_collector():
        return _compared(request)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Python's garbage collector would go through the labels again and again, and finds nothing to collect."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _compared(request: Request) -> Result:
    source = parse_truth(request.truth)
    truth = read_truth(source)
    lines = [f"the truth: {note}" for note in truth.notes]
    candidates, paths = [], {}
    for name, files in request.models.items():
        given = parse_source(files.predictions)
        class_map = read_class_map(files.class_map) if files.class_map else None
        predictions = read_predictions(given, class_map, truth)
        missing_as_empty = request.missing_as_empty or given.format == "coco"  # COCO can't express an empty image
        aligned = align(
            name, truth, predictions, missing_as_empty=missing_as_empty, ignore_others=request.ignore_other_images
        )
        lines += _lines(name, predictions, truth, aligned.without_predictions, aligned.left_out)
        assumed = read_assumed(files.assumed) if files.assumed else None
        running = _running(files, predictions)
        candidates.append(Candidate(name, aligned, predictions.classes, files.threshold, assumed, running))
        paths[name] = given.path
    compared = compare(truth, candidates, iou=request.iou, costs=request.costs)
    lines += _false_alarms_of_no_class(compared)
    output = to_json(compared, provenance(source.path, paths, _parameters(request)))
    return Result(compared, output, tuple(lines))


def write(result: Result, folder: Path, images: Path | None) -> None:
    """Write `compare.json` and `compare.html` into a folder, which is made where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result.output, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "compare.json").write_text(text + "\n", "utf-8")
    (folder / "compare.html").write_text(page(result.comparison, result.output, images), "utf-8")


def read_assumed(path: Path) -> dict[str, float]:
    """The assumed threshold (0 to 100) of each class in the summary file of a training, which has 0 to 1.

    Raises:
        UsageError: it is no summary file.
    """
    raw = read_json(path)
    found = raw.get("LabelEvaluationResults") if isinstance(raw, dict) else None
    try:
        if not isinstance(found, list):
            raise ValueError("it has no list LabelEvaluationResults")
        return {each["Label"]: confidence_of(each["Metrics"]["Threshold"], 1, "Threshold") for each in found}
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is no summary file of a training: {error}") from None


def _lines(name: str, predictions: DataSet, truth: DataSet, missing: int, left_out: int) -> list[str]:
    unknown = [each for each in predictions.classes if each not in truth.classes]
    found = [f"{name}: {note}" for note in predictions.notes]
    if unknown:
        found.append(
            f"{name}: the truth has no class {', '.join(map(quoted, unknown))}; such detections count as false alarms "
            "(--class-map renames classes)"
        )
    if missing:
        found.append(f"{name}: {missing} of {len(truth.images)} images have no predictions, and count as empty")
    if left_out:
        found.append(f"{name}: {left_out} images that are not in the truth are left out")
    if not predictions.classes:
        found.append(f"{name}: there are no detections")
    return found


def _false_alarms_of_no_class(compared: Comparison) -> list[str]:
    """A line for each class that a model finds and the truth has no object of: average precision leaves it out."""
    return [
        f"{each.candidate.name}: the truth has no object of the class {name}: {count(rates.wrong, 'false alarm')}"
        for each in compared.evaluations
        for name, objects, rates in zip(compared.classes, compared.objects, each.point.rates[:-1], strict=True)
        if objects == 0 and rates.wrong
    ]


def _running(files: ModelFiles, predictions: DataSet) -> Running:
    running = files.running
    times = [image.milliseconds for image in predictions.images if image.milliseconds is not None]
    if len(times) >= MIN_TIMED:
        p50, p95 = np.quantile(times, [0.5, 0.95])
        running = replace(running, p50_ms=float(p50), p95_ms=float(p95))
    if files.run is None:
        return running
    output = read_json(files.run)
    if not isinstance(output, dict) or "tpsPerInferenceUnit" not in output:
        raise UsageError(f"{files.run} is no output of a run: it has no tpsPerInferenceUnit")
    return with_run(running, output)


def _parameters(request: Request) -> dict[str, Any]:
    thresholds = {name: files.threshold for name, files in request.models.items() if files.threshold is not None}
    return {
        "iou": request.iou,
        "thresholds": thresholds,
        "missingAsEmpty": request.missing_as_empty,
        "ignoreOtherImages": request.ignore_other_images,
        **({"costMiss": request.costs.miss, "costFalseAlarm": request.costs.false_alarm} if request.costs else {}),
    }
