"""The state of a model: whether it runs, with how many inference units, at which cost, and which run holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.model_arn import ModelArn

# The statuses in which a model is billed, or is about to be.
_BILLED_STATUSES = ("STARTING", "RUNNING", "STOPPING")


@dataclass(frozen=True)
class ModelStatus:
    """A model version as its service describes it, and its inference units in service and desired, if known.

    `service_status` is the service's own word for the status.
    """

    model_arn: str
    status: str
    message: str
    min_units: int | None
    max_units: int | None
    in_service: int | None
    desired: int | None
    service_status: str = ""

    @property
    def scaling(self) -> str | None:
        """`scaling up 2 -> 3`, `scaling down 3 -> 2` or `not scaling`. None if CloudWatch does not say."""
        if self.status != "RUNNING" or self.in_service is None or self.desired is None:
            return None
        if self.in_service == self.desired:
            return "not scaling"
        direction = "up" if self.desired > self.in_service else "down"
        return f"scaling {direction} {self.in_service} -> {self.desired}"

    @property
    def units(self) -> int:
        """The inference units that are paid for now, as far as is known."""
        if self.status not in _BILLED_STATUSES:
            return 0
        return (self.status == "RUNNING" and self.in_service) or self.min_units or 1

    def usd_per_hour(self, usd_per_unit_hour: float) -> float:
        """What the model costs an hour as it is now."""
        return self.units * usd_per_unit_hour

    def sentences(self, usd_per_unit_hour: float, lease: Mapping[str, Any] | None) -> Iterator[str]:
        """The status in words. `lease` is the model's item in the runs table, or None."""
        name = ModelArn.of(self.model_arn).name
        yield f"{name} is {self.service_status or self.status}" + (f": {self.message}" if self.message else "")
        if self.units:
            yield f"Inference units: {self._units_in_words()}"
            usd = self.usd_per_hour(usd_per_unit_hour)
            yield f"Cost: ${usd:.2f} an hour ({self.units} x ${usd_per_unit_hour:g})"
        else:
            yield "Cost: nothing, as it does not run"
        if lease is None:
            yield "Lease: no run uses it"
        else:
            yield f"Lease: the run {lease['runId']} has used it since {lease['startedAt']}"

    def as_json(self, usd_per_unit_hour: float, lease: Mapping[str, Any] | None) -> dict[str, Any]:
        """The same as JSON values."""
        units = {"min": self.min_units, "max": self.max_units, "inService": self.in_service, "desired": self.desired}
        lease_values = {name: lease[name] for name in ("runId", "executionArn", "startedAt")} if lease else None
        return {
            "modelArn": self.model_arn,
            "status": self.status,
            "serviceStatus": self.service_status or self.status,
            "statusMessage": self.message,
            "inferenceUnits": units,
            "scaling": self.scaling,
            "usdPerHour": self.usd_per_hour(usd_per_unit_hour),
            "lease": lease_values,
        }

    def _units_in_words(self) -> str:
        min_units, max_units = self.min_units or 1, self.max_units
        requested = f"started with {min_units}" + (f" to {max_units}" if max_units and max_units != min_units else "")
        if self.scaling is None:
            return f"{self.units} ({requested}; CloudWatch has no number of those in service yet)"
        return f"{self.in_service} in service, {self.desired} desired: {self.scaling} ({requested})"
