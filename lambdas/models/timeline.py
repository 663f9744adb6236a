"""When a model was seen in which state during a run. Kept once; the lease and the bill are both read from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from lambdas.models.status import ModelState
from lambdas.models.tariff import BilledPeriod


@dataclass(frozen=True)
class Timeline:
    """What was seen of the model so far; times in seconds since the epoch.

    A run that measures a second time begins anew with `units_wanted`: attempts and looks are those of that start,
    and what the model ran before is in `stretches`.
    """

    start_attempts: int = 0
    start_looks: int = 0  # at a model that did not run yet, in the whole run
    first_look_at: float | None = None
    last_look_at: float | None = None
    starting_at: float | None = None  # when it was last seen on its way from a start of this run
    running_since: float | None = None
    stopped_at: float | None = None
    units_wanted: int | None = None  # of the second measurement, once it was decided on
    stretches: tuple[BilledPeriod, ...] = ()  # that were over before the one under way
    up_at: float | None = None  # when it was last seen STARTING or RUNNING
    not_running_at: float | None = None  # when it was last seen in any status but RUNNING

    def looked(self, state: ModelState, now: float) -> Self:
        """The timeline with one more look, as far as it shows whether a start or a stop has arrived."""
        up = now if state.status in ("STARTING", "RUNNING") else self.up_at
        return replace(self, up_at=up, not_running_at=self.not_running_at if state.status == "RUNNING" else now)

    def start_arrived(self, asked_at: float | None) -> bool:
        """Whether the model was seen on its way since the start was asked for; None: none is pending."""
        return asked_at is None or (self.up_at is not None and self.up_at >= asked_at)

    def stop_arrived(self, asked_at: float | None) -> bool:
        """Whether the model was seen not to run since the stop was asked for; None: none is pending."""
        return asked_at is None or (self.not_running_at is not None and self.not_running_at >= asked_at)

    def without_old_units(self, state: ModelState, units: int, now: float) -> Self:
        """The timeline once a look shows that the model no longer runs with the `units` of the first measurement."""
        has_them = state.status == "STOPPING" or (
            state.status == "RUNNING" and state.min_inference_units != self.units_wanted
        )
        if self.units_wanted is None or self.stretches or self.running_since is None or has_them:
            return self
        return replace(self, stretches=(BilledPeriod(units, self.running_since, now),), running_since=None)

    def after_run(self, state: ModelState, now: float, *, applying: bool = False) -> Self:
        """The timeline after a look at the model that the run is done with; `applying`: started with its answer."""
        if applying and self.running_since is None and self.stopped_at is None:
            return replace(self, stopped_at=now).after_run(state, now)  # it never came to run a second time
        # After its stop it is only started again to apply the answer: that is a stretch of its own.
        if state.status == "STARTING" and (self.start_attempts or self.stopped_at is not None):
            return replace(self, starting_at=now)
        running_since, stopped_at = self.running_since, self.stopped_at
        if running_since is None and stopped_at is None and self.start_attempts and state.status != "FAILED":
            # The run was ended while the model started: it has run since it was last seen starting, at the most.
            running_since = self.starting_at or (self.last_look_at if state.costs_money else None)
        if running_since is not None and stopped_at is None and not state.costs_money:
            stopped_at = now
        return replace(self, running_since=running_since, stopped_at=stopped_at)

    @property
    def ran(self) -> tuple[float | None, float | None]:
        """When the model first ran in this run, and when it was seen stopped; None if it has not yet."""
        if not self.stretches:
            return self.running_since, self.stopped_at
        over = self.stretches[-1].until if self.running_since is None else self.stopped_at
        return self.stretches[0].since, over

    def unit_hours(self, units: int, now: float) -> float:
        """Inference-unit hours that the model ran in this run, seen from `now`; never too few between two looks.

        `units` are those of the first measurement.
        """
        before = sum(stretch.unit_hours for stretch in self.stretches)
        if self.running_since is None:
            return before
        under_way = (self.units_wanted or units) if self.stretches else units
        return before + BilledPeriod(under_way, self.running_since, self.stopped_at or now).unit_hours


UNSEEN = Timeline()
