"""The timeline of a model: when status checks found it in which state during a run. The lease and the bill use it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from lambdas.models.status import ModelState
from lambdas.models.tariff import BilledPeriod


@dataclass(frozen=True)
class Timeline:
    """The results of the status checks so far. Times are in epoch seconds.

    A second measurement has `units_wanted`. Then the attempts and status checks are those of the second start, and
    `stretches` holds the billed periods before it.
    """

    start_attempts: int = 0
    start_looks: int = 0  # status checks of a model that did not run yet, in the whole run
    first_look_at: float | None = None  # first status check of the present start
    last_look_at: float | None = None  # last status check of the present start
    starting_at: float | None = None  # last status check that found it starting in this run
    running_since: float | None = None
    stopped_at: float | None = None
    units_wanted: int | None = None  # inference units of the second measurement, once it is planned
    stretches: tuple[BilledPeriod, ...] = ()  # billed periods before the present one
    up_at: float | None = None  # last status check that found it STARTING or RUNNING
    not_running_at: float | None = None  # last status check that found any status but RUNNING

    def with_look(self, state: ModelState, now: float) -> Self:
        """The timeline after one more status check: updates `up_at` and `not_running_at`."""
        up_at = now if state.status in ("STARTING", "RUNNING") else self.up_at
        return replace(self, up_at=up_at, not_running_at=self.not_running_at if state.status == "RUNNING" else now)

    def has_start_arrived(self, asked_at: float | None) -> bool:
        """Whether the start requested at `asked_at` took effect. Returns True if `asked_at` is None."""
        return asked_at is None or (self.up_at is not None and self.up_at >= asked_at)

    def has_stop_arrived(self, asked_at: float | None) -> bool:
        """Whether the stop requested at `asked_at` took effect. Returns True if `asked_at` is None."""
        return asked_at is None or (self.not_running_at is not None and self.not_running_at >= asked_at)

    def without_old_units(self, state: ModelState, units: int, now: float) -> Self:
        """The timeline after a status check. Closes the first measurement's period if the model left its `units`."""
        has_old_units = state.status == "STOPPING" or (
            state.status == "RUNNING" and state.min_inference_units != self.units_wanted
        )
        if self.units_wanted is None or self.stretches or self.running_since is None or has_old_units:
            return self
        return replace(self, stretches=(BilledPeriod(units, self.running_since, now),), running_since=None)

    def after_run(self, state: ModelState, now: float, *, applying: bool = False) -> Self:
        """The timeline after a status check when the measurement is over. `applying`: the run applies its answer."""
        if applying and self.running_since is None and self.stopped_at is None:
            return replace(self, stopped_at=now).after_run(state, now)  # it never ran a second time
        # After its stop, only applying the answer starts it again, which is another billed period.
        if state.status == "STARTING" and (self.start_attempts or self.stopped_at is not None):
            return replace(self, starting_at=now)
        running_since, stopped_at = self.running_since, self.stopped_at
        if running_since is None and stopped_at is None and self.start_attempts and state.status != "FAILED":
            # The run ended while the model started, so it has run at most since the last check that found it starting.
            running_since = self.starting_at or (self.last_look_at if state.costs_money else None)
        if running_since is not None and stopped_at is None and not state.costs_money:
            stopped_at = now
        return replace(self, running_since=running_since, stopped_at=stopped_at)

    @property
    def running_period(self) -> tuple[float | None, float | None]:
        """When the model first ran in this run, and when it stopped (epoch seconds); None for what is still to come."""
        if not self.stretches:
            return self.running_since, self.stopped_at
        end = self.stretches[-1].until if self.running_since is None else self.stopped_at
        return self.stretches[0].since, end

    def unit_hours(self, units: int, now: float) -> float:
        """The billed inference-unit hours in this run up to `now`. Between two status checks it is an upper bound.

        `units` are the inference units of the first measurement.
        """
        earlier_hours = sum(period.unit_hours for period in self.stretches)
        if self.running_since is None:
            return earlier_hours
        present_units = (self.units_wanted or units) if self.stretches else units
        return earlier_hours + BilledPeriod(present_units, self.running_since, self.stopped_at or now).unit_hours


EMPTY_TIMELINE = Timeline()
