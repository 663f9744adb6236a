"""Compares a run with the last run of the same model and the last run of the version before.

It compares TPS per inference unit. A drop is proven if the whole newer interval lies below the older one. As long as
the intervals overlap, the difference may be within the uncertainty of the measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from iu_tuner.contract.output.result import ComparedWith, EarlierRun, Output, RateChange
from iu_tuner.formats import rounded

_INCOMPARABLE_REASONS = {
    "not-saturated": "a lower bound (not-saturated)",
    "account-throttled": "limited by the account (account-throttled)",
    "client-limited": "limited by the load workers (client-limited)",
    "unstable": "unstable",
}


@dataclass(frozen=True)
class Answer:
    """The part of a published run that later runs compare with; rates in TPS per inference unit."""

    run_id: str
    started_at: str  # ISO 8601, UTC
    model_arn: str
    verdict: str
    tps: float | None = None
    low: float | None = None
    high: float | None = None
    not_comparable_because: str | None = None  # another reason why the rate can't be compared

    @classmethod
    def of(cls, output: Output, started_at: str, auto_scales_to: int | None) -> Answer:
        """Build it from an execution's output and the maximum inference units of a model with auto-scaling."""
        units, rate = output.inference_units or 1, output.max_tps
        low, high = (None if bound is None else bound / units for bound in (rate.low, rate.high))
        not_comparable_because = None
        if output.other_traffic is not None and output.other_traffic.requests:
            not_comparable_because = "measured beside the requests of others"
        elif auto_scales_to is not None:
            not_comparable_because = "measured on a model that scales by itself"
        return cls(
            output.run_id,
            started_at,
            output.model_arn,
            output.verdict,
            output.tps_per_inference_unit,
            low,
            high,
            not_comparable_because,
        )

    @property
    def incomparable_reason(self) -> str | None:
        """The reason why its rate can't be compared with another. Returns None if it can."""
        if self.verdict in _INCOMPARABLE_REASONS:
            return _INCOMPARABLE_REASONS[self.verdict]
        if self.tps is None or self.low is None or self.high is None:
            return "a run without a rate" if self.tps is None else "a lower bound"
        return self.not_comparable_because


def last_comparable(newest_first: Sequence[Answer]) -> Answer | None:
    """The latest comparable run of the model that ran last; if it has none, its latest run.

    Runs without a comparable rate are skipped, so that they cannot mask a regression or become the baseline.
    """
    if not newest_first:
        return None
    latest = newest_first[0]
    answers_of_model = (answer for answer in newest_first if answer.model_arn == latest.model_arn)
    return next((answer for answer in answers_of_model if not answer.incomparable_reason), latest)


def rate_change(answer: Answer, earlier: Answer) -> RateChange | None:
    """The change that the two intervals prove. Returns None if the runs can't be compared."""
    if answer.incomparable_reason or earlier.incomparable_reason:
        return None
    assert answer.low is not None and answer.high is not None and earlier.low is not None and earlier.high is not None
    if answer.high < earlier.low:
        return "dropped"
    return "risen" if answer.low > earlier.high else "within"


def with_comparison(output: Output, answer: Answer, same_model: Answer | None, version_before: Answer | None) -> Output:
    """The output with `comparedWith`, `regression` and `regressionDetail`."""
    baselines = [(same_model, "the last run of this model"), (version_before, "the last run of the version before")]
    sentences = [_comparison_sentence(answer, earlier, which) for earlier, which in baselines if earlier is not None]
    if not sentences:
        sentences = ["No earlier run of this model, or of a version before it, is there to compare with."]
    earlier = _earlier_run(answer, version_before)
    if earlier is not None and version_before is not None:
        earlier = replace(earlier, model_arn=version_before.model_arn)
    return replace(
        output,
        compared_with=ComparedWith(_earlier_run(answer, same_model), earlier),
        regression=any(
            earlier is not None and rate_change(answer, earlier) == "dropped"
            for earlier in (same_model, version_before)
        ),
        regression_detail=" ".join(sentences),
    )


def _earlier_run(answer: Answer, earlier: Answer | None) -> EarlierRun | None:
    if earlier is None:
        return None
    return EarlierRun(
        run_id=earlier.run_id,
        started_at=earlier.started_at,
        verdict=earlier.verdict,
        tps_per_inference_unit=rounded(earlier.tps, 3),
        low=rounded(earlier.low, 3),
        high=rounded(earlier.high, 3),
        change_percent=rounded(_change_percent(answer, earlier), 1),
        change=rate_change(answer, earlier),
    )


def _change_percent(answer: Answer, earlier: Answer) -> float | None:
    if answer.tps is None or not earlier.tps:
        return None
    return 100 * (answer.tps / earlier.tps - 1)


def _comparison_sentence(answer: Answer, earlier: Answer, which: str) -> str:
    baseline = f"{which} ({earlier.run_id}, {earlier.started_at})"
    if answer.incomparable_reason:
        return f"Not compared with {baseline}: this run is {answer.incomparable_reason}."
    if earlier.incomparable_reason:
        return f"Not compared with {baseline}: that one is {earlier.incomparable_reason}."
    percent = f"{_change_percent(answer, earlier) or 0:+.1f} %"
    ranges = f"{answer.low:.2f} to {answer.high:.2f} now, {earlier.low:.2f} to {earlier.high:.2f} then"
    match rate_change(answer, earlier):
        case "dropped":
            return (
                f"TPS per inference unit has dropped by more than both intervals explain since {baseline}: {percent} "
                f"({ranges}); if the images are the same, look at what changed before you rely on this model."
            )
        case "risen":
            return f"TPS per inference unit has risen since {baseline}: {percent} ({ranges})."
        case _:
            return f"TPS per inference unit is as in {baseline}, within the intervals: {percent} ({ranges})."
