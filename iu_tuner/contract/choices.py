"""The words that the input takes, and its greatest number of workers."""

from __future__ import annotations

from typing import Literal

Mode = Literal["quick", "standard", "precise"]

MAX_WORKERS = 1000  # of a step: Lambda's default concurrency per account and Region, all at once


Source = Literal["bytes", "s3"]


AfterRun = Literal["stop", "restore", "apply"]
