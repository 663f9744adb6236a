"""The answers of DetectAnomalies: for an image, whether it shows an anomaly, how sure that is, and where it is."""

import base64
import json
import struct
import zlib
from collections.abc import Iterable
from random import Random
from typing import Any

from iu_tuner.contract.detections import Label

ANOMALY, NORMAL = "anomaly", "normal"
MASK_SIDE = 64  # pixels; the real service's masks have the size of their images
STAIN = "#23A436"


def random_verdict(content_sha256: bytes) -> tuple[Label, ...]:
    """The verdict on an image that no file names, which depends on its content only."""
    random = Random(content_sha256)
    return (Label(random.choice((ANOMALY, NORMAL)), round(random.uniform(50.0, 99.99), 2), None),)


def anomaly_body(labels: Iterable[Label]) -> bytes:
    """The body of a response: the first label is the verdict. Without one the image is normal.

    An anomaly is a stain in the upper left quarter of the image.
    """
    verdict = next(iter(labels), Label(NORMAL, 50.0, None))
    found: dict[str, Any] = {"Source": {"Type": "direct"}, "IsAnomalous": verdict.name != NORMAL}
    found["Confidence"] = round(verdict.confidence / 100, 6)
    if verdict.name != NORMAL:
        areas = {"background": (0.75, "#FFFFFF"), "stain": (0.25, STAIN)}
        found["Anomalies"] = [
            {"Name": name, "PixelAnomaly": {"TotalPercentageArea": share, "Color": colour}}
            for name, (share, colour) in areas.items()
        ]
        found["AnomalyMask"] = MASK
    return json.dumps({"DetectAnomalyResult": found}).encode()


def _mask() -> str:
    """The mask as a PNG in base64: RGB, one byte a colour."""
    half, stain = MASK_SIDE // 2, bytes.fromhex(STAIN[1:])
    above, below = stain * half + b"\xff" * 3 * half, b"\xff" * 3 * MASK_SIDE
    rows = (b"\0" + above) * half + (b"\0" + below) * half
    header = struct.pack(">2I5B", MASK_SIDE, MASK_SIDE, 8, 2, 0, 0, 0)
    chunks = {b"IHDR": header, b"IDAT": zlib.compress(rows), b"IEND": b""}
    made = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(made)).decode()


MASK = _mask()
