"""The state of an upload pipeline in sentences and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.cli.models.status import ModelStatus
from iu_tuner.formats import count, duration, requests_per_second


@dataclass(frozen=True)
class UploadStatus:
    """The counts of a queue, its gate, its model, and the rate at which it is worked off (requests/s), if known."""

    prefix: str
    counts: Mapping[str, int]
    oldest_s: float | None
    gate: str
    model: ModelStatus
    rate: float | None
    usd_per_unit_hour: float

    @property
    def waiting(self) -> int:
        """The messages that are not worked off yet."""
        return self.counts["visible"] + self.counts["inFlight"] + self.counts["delayed"]

    @property
    def is_open(self) -> bool:
        """Whether uploads are analysed now."""
        return self.gate == "Enabled"

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the queue is empty. Returns None if nothing is worked off, or the rate is not known."""
        return self.waiting / self.rate if self.is_open and self.rate else None

    @property
    def usd_per_1000(self) -> float | None:
        """The cost of the model for 1,000 images at the present rate. Returns None if it is not known."""
        if not self.rate or not self.model.units:
            return None
        return self.model.usd_per_hour(self.usd_per_unit_hour) * 1000 / self.rate / 3600

    def sentences(self) -> Iterator[str]:
        """The state in words."""
        visible, in_flight = self.counts["visible"] + self.counts["delayed"], self.counts["inFlight"]
        oldest_text = "" if self.oldest_s is None else f"; the oldest is {duration(self.oldest_s)} old"
        yield f"{self.prefix}: {count(visible, 'message')} waiting, {in_flight:,} in flight{oldest_text}"
        yield f"Dead letters: {self.counts['dead']:,}"
        yield f"Gate: {'open' if self.is_open else 'closed'} ({self.gate}); the model is {self.model.status}"
        if self.rate is not None:
            empty_text = "" if self.seconds_left is None else f"; empty in {duration(self.seconds_left)}"
            yield f"Rate: {requests_per_second(self.rate)}{empty_text}"
        if self.usd_per_1000 is not None:
            yield f"Cost of the model: ${self.usd_per_1000:.4f} per 1,000 images at this rate"

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "prefix": self.prefix,
            **self.counts,
            "oldestSeconds": self.oldest_s,
            "gate": "open" if self.is_open else "closed",
            "modelArn": self.model.model_arn,
            "modelStatus": self.model.status,
            "tps": self.rate,
            "secondsLeft": self.seconds_left,
            "usdPer1000Images": self.usd_per_1000,
        }
