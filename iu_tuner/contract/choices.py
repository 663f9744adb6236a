"""The words that the input takes, and its greatest number of workers."""

from __future__ import annotations

from typing import Literal

Mode = Literal["quick", "standard", "precise"]
# Minutes that a model typically runs for a measurement: probing, load, and the looks before and after.
EXPECTED_MINUTES: dict[Mode, float] = {"quick": 3.0, "standard": 5.0, "precise": 8.0}

MAX_WORKERS = 1000  # of a step: Lambda's default concurrency per account and Region, all at once


Source = Literal["bytes", "s3"]


AfterRun = Literal["stop", "restore", "apply"]
