"""The verdict: one sentence about what the comparison shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from iu_tuner.formats import count
from iu_tuner.vision.statistics.intervals import Interval

Rates = Mapping[str, Interval]


def verdict(
    names: Sequence[str], rates: Sequence[Rates], differences: Rates | None, object_noun: str, images: int
) -> str:
    """One sentence about the first two models, or about the only one.

    `differences` are those of the rates, the first model's minus the second's; `object_noun` names what is looked for.
    """
    end = f"; {count(images, 'image')}."
    if differences is None or len(names) < 2:
        return f"{names[0]} has recall {_text(rates[0]['recall'])} and precision {_text(rates[0]['precision'])}{end}"
    for rate, verb, other in (
        ("recall", f"finds more {object_noun}", "precision"),
        ("precision", "is right more often", "recall"),
    ):
        difference = differences[rate]
        if difference.value is None or not _is_clear(difference):
            continue
        better = 0 if difference.value > 0 else 1
        first, second = (rates[each][rate] for each in (better, 1 - better))
        return (
            f"{names[better]} {verb}: {rate} {_text(first)} vs {_text(second)}, {_difference_text(difference, better)} "
            f"{_other_rate_text(other, rates[better][other], rates[1 - better][other], differences[other])}{end}"
        )
    if differences["f1"].low is None:
        reason = differences["f1"].note or "there is no interval"
        return f"{names[0]} has F1 {_text(rates[0]['f1'])} and {names[1]} {_text(rates[1]['f1'])}, and {reason}{end}"
    return (
        f"No difference is clear between {names[0]} and {names[1]}: recall {_text(rates[0]['recall'])} vs "
        f"{_text(rates[1]['recall'])}, {_difference_text(differences['recall'], 0)}{end}"
    )


def _other_rate_text(rate: str, better: Interval, other: Interval, difference: Interval) -> str:
    if _is_clear(difference):
        return f"at {rate} {_text(better)} vs {_text(other)}"
    if _text(better) == _text(other):
        return f"at equal {rate} {_text(better)}"
    return f"with no clear difference in {rate}, {_text(better)} vs {_text(other)}"


def _is_clear(difference: Interval) -> bool:
    return difference.low is not None and difference.high is not None and (difference.low > 0 or difference.high < 0)


def _text(rate: Interval) -> str:
    return "undefined" if rate.value is None else f"{rate.value:.2f}"


def _difference_text(difference: Interval, better: int) -> str:
    if difference.value is None or difference.low is None or difference.high is None:
        return "with no interval"
    sign = 1 if better == 0 else -1
    low, high = sorted((sign * difference.low, sign * difference.high))
    return f"{sign * difference.value:+.2f} [{low:.2f}, {high:.2f}]"
