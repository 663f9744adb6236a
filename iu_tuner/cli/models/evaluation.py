"""The evaluation of a Custom Labels model: the assumed threshold, F1 score, precision and recall of each label.

The format is that of "Accessing the summary file" in the Custom Labels Developer Guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LabelMetrics:
    """One label. `threshold` is a confidence, 0 to 100, the file's 0 to 1 times 100; the shares are 0 to 1."""

    name: str
    threshold: float | None
    f1: float | None
    precision: float | None
    recall: float | None
    test_images: int | None

    @classmethod
    def parse(cls, label_result: Mapping[str, Any]) -> LabelMetrics:
        """Read an item of `LabelEvaluationResults`. Raises KeyError, TypeError, ValueError for another format."""
        metrics = label_result.get("Metrics") or {}
        threshold, f1, precision, recall = (
            None if metrics.get(name) is None else float(metrics[name])
            for name in ("Threshold", "F1Score", "Precision", "Recall")
        )
        images = label_result.get("NumberOfTestingImages")
        threshold = None if threshold is None else 100 * threshold
        return cls(
            str(label_result["Label"]), threshold, f1, precision, recall, None if images is None else int(images)
        )


@dataclass(frozen=True)
class Evaluation:
    """All labels of a model; `f1`, `precision` and `recall` are those over all labels, 0 to 1."""

    f1: float | None
    precision: float | None
    recall: float | None
    labels: tuple[LabelMetrics, ...]

    @classmethod
    def parse(cls, summary: Mapping[str, Any]) -> Evaluation:
        """Read a summary file. Raises KeyError, TypeError, ValueError, AttributeError for another format."""
        overall = LabelMetrics.parse({"Label": "all", "Metrics": summary.get("AggregatedEvaluationResults")})
        labels = tuple(LabelMetrics.parse(each) for each in summary["LabelEvaluationResults"])
        return cls(overall.f1, overall.precision, overall.recall, labels)

    def as_json(self, model_arn: str) -> dict[str, Any]:
        """The evaluation as JSON values."""
        labels = [
            {
                "name": each.name,
                "assumedThreshold": each.threshold,
                "f1": each.f1,
                "precision": each.precision,
                "recall": each.recall,
                "testImages": each.test_images,
            }
            for each in self.labels
        ]
        overall = {"f1": self.f1, "precision": self.precision, "recall": self.recall}
        return {"modelArn": model_arn, **overall, "labels": labels}
