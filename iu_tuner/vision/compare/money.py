"""What a model costs: dollars per 1,000 images, per month, and the volume at which two models cost the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from iu_tuner.vision.formats.files import is_number

HOURS_PER_MONTH = 730.0
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class RunningCosts:
    """How a model runs; every field is None where it is not given.

    `usd_per_hour` is the price of one inference unit or endpoint, `tps` the requests/s that it carries.
    `is_always_on`: it is paid by the month, however many images it gets; else by the hours that the images take.
    """

    usd_per_hour: float | None = None
    tps: float | None = None
    is_always_on: bool = False
    p50_ms: float | None = None
    p95_ms: float | None = None
    training_hours: float | None = None
    training_usd: float | None = None

    @property
    def usd_per_1000_images(self) -> float | None:
        """Dollars for 1,000 images at full load."""
        if self.usd_per_hour is None or not self.tps:
            return None
        return 1000 * self.usd_per_hour / (self.tps * SECONDS_PER_HOUR)

    @property
    def fixed_and_variable_usd(self) -> tuple[float, float] | None:
        """Dollars of a month: (fixed, for each image)."""
        if self.is_always_on:
            return None if self.usd_per_hour is None else (self.usd_per_hour * HOURS_PER_MONTH, 0.0)
        per_1000 = self.usd_per_1000_images
        return None if per_1000 is None else (0.0, per_1000 / 1000)


def with_run(running_costs: RunningCosts, output: Mapping[str, Any]) -> RunningCosts:
    """The values that are not given, from the output of a run that measured the model."""
    latency = output.get("latencyMs") or {}
    cost = output.get("cost") or {}
    return replace(
        running_costs,
        tps=running_costs.tps or _number(output.get("tpsPerInferenceUnit")),
        usd_per_hour=_either(running_costs.usd_per_hour, cost.get("pricePerInferenceUnitHourUsd")),
        p50_ms=_either(running_costs.p50_ms, latency.get("p50")),
        p95_ms=_either(running_costs.p95_ms, latency.get("p95")),
    )


def break_even_images(a: RunningCosts, b: RunningCosts) -> float | None:
    """The images per month at which both cost the same; None if one has no price, or the lines never cross."""
    if a.fixed_and_variable_usd is None or b.fixed_and_variable_usd is None:
        return None
    (fixed_a, each_a), (fixed_b, each_b) = a.fixed_and_variable_usd, b.fixed_and_variable_usd
    if each_a == each_b:
        return None
    images = (fixed_b - fixed_a) / (each_a - each_b)
    return images if images > 0 else None


def _either(given: float | None, measured: Any) -> float | None:
    return _number(measured) if given is None else given


def _number(value: Any) -> float | None:
    return float(value) if is_number(value) else None
