"""The choices that the input offers, and the maximum number of workers."""

from __future__ import annotations

from typing import Literal

Mode = Literal["quick", "standard", "precise"]
# Typical minutes that a model runs for a measurement: probe, load, and the polls before and after.
EXPECTED_MINUTES: dict[Mode, float] = {"quick": 3.0, "standard": 5.0, "precise": 8.0}

MAX_WORKERS = 1000  # of a step: Lambda's default concurrency quota per account and Region


Source = Literal["bytes", "s3"]


AfterRun = Literal["stop", "restore", "apply"]
