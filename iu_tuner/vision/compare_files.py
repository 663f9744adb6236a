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
from iu_tuner.vision.compare.money import RunningCosts, with_run
from iu_tuner.vision.compare.output import to_json
from iu_tuner.vision.compare.provenance import provenance
from iu_tuner.vision.formats.files import confidence_of, read_json
from iu_tuner.vision.formats.labels import DataSet
from iu_tuner.vision.formats.read import read_class_map, read_predictions, read_truth
from iu_tuner.vision.formats.sources import parse_source, parse_truth
from iu_tuner.vision.page.page import page
from iu_tuner.vision.statistics.thresholds import ErrorCosts

MIN_TIMED_IMAGES = 20  # requests: with fewer, a 95th percentile says nothing


@dataclass(frozen=True)
class ModelFiles:
    """What the user gave of a model. `predictions` is PATH[:FORMAT]; `run_file` is the output of a measuring run."""

    predictions: str
    threshold: float | None = None
    assumed_file: Path | None = None
    class_map_file: Path | None = None
    run_file: Path | None = None
    running_costs: RunningCosts = field(default_factory=RunningCosts)


@dataclass(frozen=True)
class Request:
    """What is compared, and how. `images` is a folder with the image files, for the page."""

    truth: str
    models: Mapping[str, ModelFiles]
    iou: float = 0.5
    missing_as_empty: bool = False
    ignore_other_images: bool = False
    error_costs: ErrorCosts | None = None
    images: Path | None = None


@dataclass(frozen=True)
class Result:
    """`output` is the contents of `compare.json`; `sentences` are about odd things in the inputs."""

    comparison: Comparison
    output: dict[str, Any]
    sentences: tuple[str, ...]


def compare_files(request: Request) -> Result:
    """Read the files and compare. Raises UsageError with sentences about what can't be read or compared."""
    with _without_collector():
        return _compare(request)


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


def _compare(request: Request) -> Result:
    truth_source = parse_truth(request.truth)
    truth = read_truth(truth_source)
    sentences = [f"the truth: {note}" for note in truth.notes]
    candidates, paths = [], {}
    for name, files in request.models.items():
        model_source = parse_source(files.predictions)
        class_map = read_class_map(files.class_map_file) if files.class_map_file else None
        predictions = read_predictions(model_source, class_map, truth)
        # COCO can't express an empty image.
        missing_as_empty = request.missing_as_empty or model_source.format == "coco"
        aligned_predictions = align(
            name, truth, predictions, missing_as_empty=missing_as_empty, ignore_others=request.ignore_other_images
        )
        sentences += _input_notes(
            name, predictions, truth, aligned_predictions.without_predictions, aligned_predictions.left_out
        )
        assumed_thresholds = read_assumed_thresholds(files.assumed_file) if files.assumed_file else None
        running_costs = _running_costs(files, predictions)
        candidates.append(
            Candidate(
                name, aligned_predictions, predictions.classes, files.threshold, assumed_thresholds, running_costs
            )
        )
        paths[name] = model_source.path
    comparison = compare(truth, candidates, iou=request.iou, error_costs=request.error_costs)
    sentences += _false_alarms_of_no_class(comparison)
    output = to_json(comparison, provenance(truth_source.path, paths, _parameters(request)))
    return Result(comparison, output, tuple(sentences))


def write(result: Result, folder: Path, images: Path | None) -> None:
    """Write `compare.json` and `compare.html` into a folder, which is made where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result.output, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "compare.json").write_text(text + "\n", "utf-8")
    (folder / "compare.html").write_text(page(result.comparison, result.output, images), "utf-8")


def read_assumed_thresholds(path: Path) -> dict[str, float]:
    """The assumed threshold (0 to 100) of each class in the summary file of a training, which has 0 to 1.

    Raises:
        UsageError: it is no summary file.
    """
    summary = read_json(path)
    label_results = summary.get("LabelEvaluationResults") if isinstance(summary, dict) else None
    try:
        if not isinstance(label_results, list):
            raise ValueError("it has no list LabelEvaluationResults")
        return {each["Label"]: confidence_of(each["Metrics"]["Threshold"], 1, "Threshold") for each in label_results}
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is no summary file of a training: {error}") from None


def _input_notes(name: str, predictions: DataSet, truth: DataSet, missing: int, left_out: int) -> list[str]:
    unknown = [each for each in predictions.classes if each not in truth.classes]
    sentences = [f"{name}: {note}" for note in predictions.notes]
    if unknown:
        sentences.append(
            f"{name}: the truth has no class {', '.join(map(quoted, unknown))}; such detections count as false alarms "
            "(--class-map renames classes)"
        )
    if missing:
        sentences.append(f"{name}: {missing} of {len(truth.images)} images have no predictions, and count as empty")
    if left_out:
        sentences.append(f"{name}: {left_out} images that are not in the truth are left out")
    if not predictions.classes:
        sentences.append(f"{name}: there are no detections")
    return sentences


def _false_alarms_of_no_class(comparison: Comparison) -> list[str]:
    """A line for each class that a model finds and the truth has no object of: average precision leaves it out."""
    return [
        f"{each.candidate.name}: the truth has no object of the class {name}: {count(rates.wrong, 'false alarm')}"
        for each in comparison.evaluations
        for name, objects, rates in zip(
            comparison.classes, comparison.object_counts, each.point.rates[:-1], strict=True
        )
        if objects == 0 and rates.wrong
    ]


def _running_costs(files: ModelFiles, predictions: DataSet) -> RunningCosts:
    running_costs = files.running_costs
    times = [image.milliseconds for image in predictions.images if image.milliseconds is not None]
    if len(times) >= MIN_TIMED_IMAGES:
        p50, p95 = np.quantile(times, [0.5, 0.95])
        running_costs = replace(running_costs, p50_ms=float(p50), p95_ms=float(p95))
    if files.run_file is None:
        return running_costs
    output = read_json(files.run_file)
    if not isinstance(output, dict) or "tpsPerInferenceUnit" not in output:
        raise UsageError(f"{files.run_file} is no output of a run: it has no tpsPerInferenceUnit")
    return with_run(running_costs, output)


def _parameters(request: Request) -> dict[str, Any]:
    thresholds = {name: files.threshold for name, files in request.models.items() if files.threshold is not None}
    return {
        "iou": request.iou,
        "thresholds": thresholds,
        "missingAsEmpty": request.missing_as_empty,
        "ignoreOtherImages": request.ignore_other_images,
        **(
            {"costMiss": request.error_costs.miss, "costFalseAlarm": request.error_costs.false_alarm}
            if request.error_costs
            else {}
        ),
    }
