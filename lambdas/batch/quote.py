"""The hours and USD of a batch before its start, and the number of inference units that meets its deadline. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iu_tuner.contract.batch.batch_input import BatchLimitsInput, UnitsInput, UnitsRange
from iu_tuner.contract.batch.output import Alternative
from iu_tuner.contract.errors import BudgetExceeded, DeadlineImpossible
from iu_tuner.formats import count, rounded
from lambdas.batch.unit_capacity import EXPECTED_EFFICIENCY, Capacity

MAX_ALTERNATIVES = 10


@dataclass(frozen=True)
class Quote:
    """The number of inference units of a batch, with its hours from start to stop and its cost in USD.

    `ideal_hours` and `ideal_usd` are those of the images at the measured TPS, without start and stop.
    """

    inference_units: int
    hours: float
    usd: float
    ideal_hours: float
    ideal_usd: float
    alternatives: tuple[Alternative, ...]

    @property
    def sentence(self) -> str:
        """The quote in one sentence."""
        units, verb = self.inference_units, "carries" if self.inference_units == 1 else "carry"
        return (
            f"{count(units, 'inference unit')} {verb} them in {self.ideal_hours:.2f} h of model time;"
            f" with start-up {self.hours:.2f} h and about ${self.usd:,.2f}"
        )


def quote(
    images: int, units_input: UnitsInput, limits: BatchLimitsInput, capacity: Capacity, within_s: float | None = None
) -> Quote:
    """The quote for so many images. `within_s` are the seconds until the deadline, if there is one.

    Raises:
        DeadlineImpossible: the permitted inference units do not meet the deadline.
        BudgetExceeded: the batch would take more minutes or USD than the limits allow.
    """
    units = choose_units(images, units_input, capacity, within_s)
    _check_limits(images, units_input.max if isinstance(units_input, UnitsRange) else units, units, limits, capacity)
    return Quote(
        units,
        capacity.hours(images, units),
        capacity.expected_usd(images, units),
        capacity.ideal_hours(images, units),
        capacity.ideal_usd(images),
        alternatives(images, capacity, units),
    )


def choose_units(images: int, units_input: UnitsInput, capacity: Capacity, within_s: float | None) -> int:
    """The inference units to start with: as `units_input` says, or the fewest that meet the deadline.

    Raises:
        DeadlineImpossible: these units, or those of the quota, do not meet the deadline.
    """
    if units_input == "deadline":
        needed_units = 1 if within_s is None else capacity.units_within(images, within_s)
        if within_s is not None and (needed_units is None or needed_units > capacity.quota):
            raise DeadlineImpossible(_impossible(images, capacity, within_s))
        return needed_units or 1
    units = (
        units_input.min
        if isinstance(units_input, UnitsRange)
        else capacity.quota
        if units_input == "fastest"
        else int(units_input)
    )
    max_units = units_input.max if isinstance(units_input, UnitsRange) else units
    if within_s is not None and capacity.hours(images, max_units) * 3600 > within_s:
        raise DeadlineImpossible(_impossible(images, capacity, within_s, max_units))
    return units


def require_possible(images: int, within_s: float, overhead_s: float, account_tps: float | None) -> None:
    """Require that a deadline is possible whatever the model carries. `account_tps` is the account's quota, if known.

    Raises:
        DeadlineImpossible: the time is over before the first image, or the quota is too low for the images.
    """
    left_s = within_s - overhead_s
    if left_s <= 0:
        takes = f"start-up and stop take {overhead_s / 60:.3g} min, and the deadline leaves {max(0, within_s) / 60:.3g}"
        raise DeadlineImpossible(f"{takes}: give a later deadline")
    if account_tps is not None and images / left_s > account_tps:
        raise DeadlineImpossible(
            f"{images:,} images within {left_s / 3600:.3g} h are {images / left_s:.3g} TPS, and your account's quota of"
            f" requests is {account_tps:g}: raise it in Service Quotas, or allow {images / account_tps / 3600:.3g} h"
        )


def alternatives(images: int, capacity: Capacity, chosen_units: int) -> tuple[Alternative, ...]:
    """The hours and USD with each other number of inference units that the quota allows."""
    other_units: Sequence[int] = [units for units in range(1, capacity.quota + 1) if units != chosen_units]
    return tuple(
        Alternative(units, rounded(capacity.hours(images, units), 2), rounded(capacity.expected_usd(images, units), 2))
        for units in other_units[:MAX_ALTERNATIVES]
    )


def _impossible(images: int, capacity: Capacity, within_s: float, fixed_units: int | None = None) -> str:
    """The sentence about a deadline that `fixed_units`, or without them the account's quota, do not meet."""
    units = capacity.quota if fixed_units is None else fixed_units
    carried_tps = capacity.tps_per_unit * units * EXPECTED_EFFICIENCY
    whose = ", your quota," if fixed_units is None or fixed_units == capacity.quota else ""
    left_s, needed_units = within_s - capacity.overhead_s, capacity.units_within(images, within_s)
    if within_s <= 0:
        return f"the deadline has passed: allow {capacity.hours(images, units):.2f} h with start-up"
    needs = f"{images:,} images within {within_s / 3600:.3g} h are {images / within_s:.3g} TPS"
    overhead = f"{capacity.overhead_s / 60:.3g} min of start-up and stop"
    needs += f", and {images / left_s:.3g} TPS after {overhead}" if left_s > 0 else f", but {overhead} leave no time"
    verb = "carries" if units == 1 else "carry"
    advice = f"allow {capacity.hours(images, units):.2f} h with start-up"
    if needed_units is not None and fixed_units is not None and needed_units <= capacity.quota:
        advice = f"give units {needed_units}, or {advice}"
    elif needed_units is not None:
        advice = f"raise the quota to {needed_units}, or {advice}"
    return f"{needs}; {count(units, 'inference unit')}{whose} {verb} {carried_tps:.3g}: {advice}"


def _check_limits(images: int, max_units: int, units: int, limits: BatchLimitsInput, capacity: Capacity) -> None:
    usd, minutes = capacity.quoted_usd(images, max_units), 60 * capacity.hours(images, units)
    batch_text = f"{images:,} images with {count(units, 'inference unit')}"
    if usd > limits.max_cost_usd:
        raise BudgetExceeded(
            f"{batch_text} cost up to ${usd:,.2f}, more than limits.maxCostUsd = {limits.max_cost_usd:g} - raise the"
            " limit, or process fewer images"
        )
    if minutes > limits.max_minutes:
        faster_units = capacity.units_within(images, 60 * limits.max_minutes)
        has_faster = faster_units is not None and units < faster_units <= capacity.quota
        advice = f"give units {faster_units}" if has_faster else "process fewer images"
        raise BudgetExceeded(
            f"{batch_text} take {minutes:,.0f} minutes with start-up, more than limits.maxMinutes ="
            f" {limits.max_minutes:g} - raise the limit, or {advice}"
        )
