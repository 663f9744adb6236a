"""The labels in a result's file, of either service."""

from __future__ import annotations

from typing import Any

import pytest

from iu_tuner.cli.models.labels import ImageLabels

SIDES = {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}
BEE = {"Name": "bee", "Confidence": 99.5, "Geometry": {"BoundingBox": SIDES}}
FOG = {"Name": "fog", "Confidence": 40.0}


@pytest.mark.parametrize(
    ("result", "rows"),
    [
        ({"CustomLabels": [BEE, FOG]}, [("a.jpg", "bee", 99.5, 0.1, 0.2, 0.3, 0.4)]),
        (
            {"DetectAnomalyResult": {"IsAnomalous": True, "Confidence": 0.9996}},
            [("a.jpg", "anomaly", 99.96, "", "", "", "")],
        ),
        (
            {"DetectAnomalyResult": {"IsAnomalous": False, "Confidence": 0.75}},
            [("a.jpg", "normal", 75.0, "", "", "", "")],
        ),
        ({"CustomLabels": []}, []),
    ],
)
def test_labels_from_a_threshold_on_are_rows(result: dict[str, Any], rows: list[tuple[Any, ...]]) -> None:
    assert list(ImageLabels.of("a.jpg", result).at_least(50).rows()) == rows
