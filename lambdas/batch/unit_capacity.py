"""What one inference unit carries in a batch, and what it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lambdas.models.tariff import Tariff

# The share of the measured TPS that the pacer uses: it starts at this share. The limit of costs assumes a bit less.
EXPECTED_EFFICIENCY, QUOTED_EFFICIENCY = 0.98, 0.95
EXPECTED_START_S = 600.0  # until a model is RUNNING: AWS documents 10 to 20 minutes, most starts take 10
EXPECTED_STOP_S = 60.0  # from the last result to STOPPED
BILLED_IDLE_S = 90.0  # in which the model costs money and processes nothing: the poll after the start, and the stop


@dataclass(frozen=True)
class Capacity:
    """What one inference unit carries (images/s) and costs, and how many the account may use for a model.

    `start_s` is the time until the model is RUNNING (0 if it runs already), `start_tail_s` the time after that until
    the first image is sent.
    """

    tps_per_unit: float
    usd_per_unit_hour: float
    quota: int
    start_s: float = EXPECTED_START_S
    start_tail_s: float = 0.0

    def hours(self, images: int, units: int) -> float:
        """Hours from the start of the model to its stop."""
        return (self.overhead_s + self._seconds(images, units, EXPECTED_EFFICIENCY)) / 3600

    @property
    def overhead_s(self) -> float:
        """Seconds for start and stop."""
        return self.start_s + EXPECTED_STOP_S

    def expected_usd(self, images: int, units: int) -> float:
        """The expected cost in USD."""
        return self._usd(units, self._seconds(images, units, EXPECTED_EFFICIENCY) + BILLED_IDLE_S)

    def quoted_usd(self, images: int, units: int) -> float:
        """The cost in USD that the limit is compared with: more than the expected cost."""
        seconds = self.start_tail_s + self._seconds(images, units, QUOTED_EFFICIENCY) + BILLED_IDLE_S
        return self._usd(units, seconds)

    def ideal_hours(self, images: int, units: int) -> float:
        """Hours of the images at the measured TPS, without start and stop."""
        return self._seconds(images, units, 1.0) / 3600

    def ideal_usd(self, images: int) -> float:
        """The cost in USD of the images at the measured TPS. It is the same for each number of units."""
        return self._usd(1, self._seconds(images, 1, 1.0))

    def units_within(self, images: int, seconds: float) -> int | None:
        """The lowest number of units with which a batch ends within so many seconds. Returns None if there is none."""
        left_s = seconds - self.overhead_s
        if left_s <= 0:
            return None
        units = math.ceil(images / (self.tps_per_unit * EXPECTED_EFFICIENCY * left_s))
        return max(1, units)

    def _seconds(self, images: int, units: int, efficiency: float) -> float:
        return images / (self.tps_per_unit * units * efficiency)

    def _usd(self, units: int, seconds: float) -> float:
        return Tariff(units, self.usd_per_unit_hour).usd(seconds)
