"""The verdict: one sentence about what the comparison shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from iu_tuner.formats import count
from iu_tuner.vision.statistics.intervals import Interval

Rates = Mapping[str, Interval]


def verdict(names: Sequence[str], rates: Sequence[Rates], gap: Rates | None, thing: str, images: int) -> str:
    """One sentence about the first two models, or about the only one.

    `gap` has the differences of the rates, the first model's minus the second's; `thing` names what is looked for.
    """
    end = f"; {count(images, 'image')}."
    if gap is None or len(names) < 2:
        return f"{names[0]} has recall {_text(rates[0]['recall'])} and precision {_text(rates[0]['precision'])}{end}"
    for rate, verb, other in (
        ("recall", f"finds more {thing}", "precision"),
        ("precision", "is right more often", "recall"),
    ):
        difference = gap[rate]
        if difference.value is None or not _is_clear(difference):
            continue
        better = 0 if difference.value > 0 else 1
        first, second = (rates[each][rate] for each in (better, 1 - better))
        return (
            f"{names[better]} {verb}: {rate} {_text(first)} vs {_text(second)}, {_signed(difference, better)} "
            f"{_at(other, rates[better][other], rates[1 - better][other], gap[other])}{end}"
        )
    if gap["f1"].low is None:
        why = gap["f1"].note or "there is no interval"
        return f"{names[0]} has F1 {_text(rates[0]['f1'])} and {names[1]} {_text(rates[1]['f1'])}, and {why}{end}"
    return (
        f"No difference is clear between {names[0]} and {names[1]}: recall {_text(rates[0]['recall'])} vs "
        f"{_text(rates[1]['recall'])}, {_signed(gap['recall'], 0)}{end}"
    )


def _at(rate: str, better: Interval, other: Interval, gap: Interval) -> str:
    if _is_clear(gap):
        return f"at {rate} {_text(better)} vs {_text(other)}"
    if _text(better) == _text(other):
        return f"at equal {rate} {_text(better)}"
    return f"with no clear difference in {rate}, {_text(better)} vs {_text(other)}"


def _is_clear(gap: Interval) -> bool:
    return gap.low is not None and gap.high is not None and (gap.low > 0 or gap.high < 0)


def _text(rate: Interval) -> str:
    return "undefined" if rate.value is None else f"{rate.value:.2f}"


def _signed(gap: Interval, better: int) -> str:
    if gap.value is None or gap.low is None or gap.high is None:
        return "with no interval"
    sign = 1 if better == 0 else -1
    low, high = sorted((sign * gap.low, sign * gap.high))
    return f"{sign * gap.value:+.2f} [{low:.2f}, {high:.2f}]"
