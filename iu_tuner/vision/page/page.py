"""The page of a comparison, from its values and the contents of `compare.json`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iu_tuner.formats import count
from iu_tuner.vision.compare.comparison import Comparison, Evaluation
from iu_tuner.vision.compare.output import curve_points
from iu_tuner.vision.page import tables
from iu_tuner.vision.page.charts import Line, chart
from iu_tuner.vision.page.confusion import confusion, worst
from iu_tuner.vision.page.markup import plain, section, text
from iu_tuner.vision.page.thumbnails import Thumbnails

FOLDER = Path(__file__).parent


def page(comparison: Comparison, output: Mapping[str, Any], images: Path | None) -> str:
    """The HTML. `images` is a folder with the image files; without it, boxes are drawn on blank images."""
    thumbnails = Thumbnails(images)
    sections = [
        tables.rates(output),
        tables.differences(output),
        _curves(comparison, output),
        tables.points(output),
        worst(comparison, thumbnails),
        confusion(comparison, thumbnails),
        tables.kinds(output),
        _calibration(comparison),
        tables.cost(output),
    ]
    sections += [f'<p class="note">{text(note)}</p>' for note in thumbnails.notes]
    values = {
        "title": f"Comparison: {plain(', '.join(output['models']))}",
        "style": (FOLDER / "style.css").read_text("utf-8"),
        "symbols": thumbnails.symbols(),
        "verdict": text(output["verdict"]),
        "about": _about(output),
        "sections": "\n".join(filter(None, sections)),
        "stamp": "<br>".join(tables.stamp(output["provenance"])),
    }
    template = (FOLDER / "template.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], template)


def _about(output: Mapping[str, Any]) -> str:
    classes = f"{len(output['classes'])} classes" if len(output["classes"]) > 1 else "1 class"
    parts = [f"{count(output['images'], 'image')}, {count(output['objects'], 'object')}, {classes}."]
    parts.append(f"A box is right if it overlaps an object of its class by at least {output['iou']:g}.")
    for name, model in output["models"].items():
        if model["imagesWithoutPredictions"]:
            parts.append(f"{text(name)} has no predictions for {count(model['imagesWithoutPredictions'], 'image')}.")
    return " ".join(parts)


def _curves(comparison: Comparison, output: Mapping[str, Any]) -> str:
    precision_recall, f1 = [], []
    for evaluation in comparison.evaluations:
        name = evaluation.candidate.name
        model, points = output["models"][name], curve_points(evaluation)
        mark_values = [
            (kind, point["threshold"], point["recall"]["value"], point["precision"]["value"])
            for kind, point in model["thresholds"].items()
            if None not in (point["recall"]["value"], point["precision"]["value"])
        ]
        caption = "; ".join(
            f"{tables.POINTS[kind]}, {'by class' if threshold is None else f'{threshold:.4g}'}: "
            f"recall {recall:.2f} and precision {precision:.2f}"
            for kind, threshold, recall, precision in mark_values
        )
        precision_recall.append(
            Line(
                name,
                list(zip(points["recall"], points["precision"], strict=True)),
                [(recall, precision) for _, _, recall, precision in mark_values],
                caption or "nothing reaches the threshold",
            )
        )
        f1.append(_f1_line(evaluation, points, model))
    return section(
        "curves",
        "Thresholds",
        '<div class="pictures">',
        chart("Precision and recall", "recall", "precision", precision_recall),
        chart("F1 by threshold", "threshold of confidence", "F1", f1, percent=True),
        "</div>",
    )


def _f1_line(evaluation: Evaluation, points: Mapping[str, list[float]], model: Mapping[str, Any]) -> Line:
    """F1 at every threshold; the marks are at its thresholds."""
    line = [(threshold / 100, value) for threshold, value in zip(points["threshold"], points["f1"], strict=True)]
    if not line:
        return Line(evaluation.candidate.name, [], [], "no detections")
    best = max(line, key=lambda point: point[1])
    caption = f"F1 is highest, {best[1]:.2f}, at {100 * best[0]:.4g}"
    marks = [
        (point["threshold"] / 100, point["f1"]["value"])
        for point in model["thresholds"].values()
        if None not in (point["threshold"], point["f1"]["value"])
    ]
    caption += "".join(f"; a mark at {100 * x:.4g}, {y:.2f}" for x, y in marks)
    return Line(evaluation.candidate.name, line, marks, caption)


def _calibration(comparison: Comparison) -> str:
    lines = []
    for evaluation in comparison.evaluations:
        calibration = evaluation.calibration
        if calibration.error is None:
            continue
        points = [(each.confidence / 100, each.right) for each in calibration.bins]
        lines.append(Line(evaluation.candidate.name, points, [], f"expected calibration error {calibration.error:.3f}"))
    if not lines:
        return ""
    introduction = "<p>A confidence of 90 is right nine times in ten where the line goes from corner to corner.</p>"
    return section(
        "calibration",
        "Is the confidence right?",
        introduction,
        '<div class="pictures">',
        chart("Share right by confidence", "confidence", "share right", lines, percent=True),
        "</div>",
    )
