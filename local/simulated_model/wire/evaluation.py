"""The evaluation of a simulated model's training: its part of DescribeProjectVersions, and its summary file.

The format of the summary file is that of "Accessing the summary file" in the Custom Labels Developer Guide.
"""

from __future__ import annotations

import json
from typing import Any

SUMMARY_BUCKET = "custom-labels-simulated"
# Label -> assumed threshold (0 to 1, as in the file), precision, recall, number of testing images.
_LABELS = {"bee": (0.61, 0.96, 0.92, 40), "flower": (0.0875, 0.88, 0.94, 25)}


def evaluation_result(project: str, version: str) -> dict[str, Any]:
    """`EvaluationResult` of a model's description."""
    place = {"Bucket": SUMMARY_BUCKET, "Name": _key(project, version)}
    return {"F1Score": _averaged()["F1Score"], "Summary": {"S3Object": place}}


def put_summary(s3: Any, project: str, version: str, model_arn: str) -> None:
    """Put the summary file where the model's description says; the bucket must exist."""
    labels = [
        {
            "Label": label,
            "Metrics": {**_metrics(precision, recall), "Threshold": threshold},
            "NumberOfTestingImages": images,
        }
        for label, (threshold, precision, recall, images) in _LABELS.items()
    ]
    summary = {
        "Version": 1,
        "AggregatedEvaluationResults": _averaged(),
        "EvaluationDetails": {
            "Labels": list(_LABELS),
            "NumberOfTestingImages": sum(images for *_, images in _LABELS.values()),
            "ProjectVersionArn": model_arn,
        },
        "LabelEvaluationResults": labels,
    }
    s3.put_object(Bucket=SUMMARY_BUCKET, Key=_key(project, version), Body=json.dumps(summary).encode())


def _key(project: str, version: str) -> str:
    return f"evaluation/{project}/{version}/summary.json"


def _averaged() -> dict[str, float]:
    """The means of all labels' precisions and recalls, and their F1 score."""
    count = len(_LABELS)
    precision = sum(precision for _, precision, _, _ in _LABELS.values()) / count
    return _metrics(precision, sum(recall for _, _, recall, _ in _LABELS.values()) / count)


def _metrics(precision: float, recall: float) -> dict[str, float]:
    return {"F1Score": 2 * precision * recall / (precision + recall), "Precision": precision, "Recall": recall}
