"""The answers of DetectAnomalies: for an image, whether it shows an anomaly, and how sure that is."""

import json
from collections.abc import Iterable
from random import Random

from iu_tuner.contract.detections import Label

ANOMALY, NORMAL = "anomaly", "normal"


def random_verdict(content_sha256: bytes) -> tuple[Label, ...]:
    """The verdict on an image that no file names, which depends on its content only."""
    random = Random(content_sha256)
    return (Label(random.choice((ANOMALY, NORMAL)), round(random.uniform(50.0, 99.99), 2), None),)


def anomaly_body(labels: Iterable[Label]) -> bytes:
    """The body of a response: the first label is the verdict. Without one the image is normal."""
    verdict = next(iter(labels), Label(NORMAL, 50.0, None))
    found = {"Source": {"Type": "direct"}, "IsAnomalous": verdict.name != NORMAL}
    return json.dumps({"DetectAnomalyResult": {**found, "Confidence": round(verdict.confidence / 100, 6)}}).encode()
