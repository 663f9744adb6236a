"""Optional parts of the sample reports: past demand, earlier runs, extra measurements."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from iu_tuner.contract.output.measured import ImageComparisonOutput, IntervalOutput, ScalingOutput, VariantOutput
from iu_tuner.contract.output.result import ComparedWith, EarlierRun, RateChange
from lambdas.planning.request_history import RequestHistory
from simulation.samples.run import PROJECT


def weeks(tps: float, *, nights: bool = False, number: int = 2) -> RequestHistory:
    """Requests per minute from a Monday on: many in office hours, otherwise few or, without `nights`, no service."""

    def count_at(minute: int) -> int | None:
        hour, day = minute % 1440 / 60, minute // 1440 % 7
        noise = 1 + 0.25 * math.sin(minute * 2.399963) * math.sin(minute / 37)
        if day < 5 and 8 <= hour < 18:
            return round(60 * tps * noise * (0.35 + 0.65 * math.sin(math.pi * (hour - 7) / 12)))
        return round(6 * tps * noise) if nights else None

    counts = tuple(count_at(minute) for minute in range(number * 7 * 1440))
    return RequestHistory(7 * number, 1_794_787_200 - 604_800, 60, counts, sum(filter(None, counts)) // 90, True, True)


NOTHING = RequestHistory(14, 1_795_240_800, 60, (), 0, of_model=False, in_service_known=False)


def interval(estimate: float, width: float = 0.02) -> IntervalOutput:
    """An interval in the form of the output's max TPS; `width` is its relative half-width."""
    return IntervalOutput(estimate, estimate * (1 - width), estimate * (1 + width), 0.95)


def before(change: RateChange | None, percent: float, verdict: str = "ok") -> EarlierRun:
    """`comparedWith.sameModel` of a run with a model of 5 TPS."""
    then = 5 / (1 + percent / 100)
    return EarlierRun(
        run_id="last-monday",
        started_at="2026-11-14T06:00:00.000Z",
        verdict=verdict,
        tps_per_inference_unit=then,
        low=0.98 * then,
        high=1.02 * then,
        change_percent=percent,
        change=change,
    )


DROPPED: dict[str, Any] = {
    "compared_with": ComparedWith(
        before("dropped", -7.0),
        replace(
            before("within", -1.2),
            run_id="spring-cleaning",
            started_at="2026-03-12T06:00:00.000Z",
            model_arn=f"{PROJECT}/version/bees.2020-12-24T18.00.00/1608832800000",
        ),
    ),
    "regression": True,
    "regression_detail": "TPS per inference unit has dropped.",
}
COMPARED = ImageComparisonOutput(
    concurrency=16,
    sources=(
        VariantOutput(source="bytes", images=24, average_bytes=684_000, max_tps=interval(5.0), p50_ms=181, p95_ms=239),
        VariantOutput(source="s3", images=24, average_bytes=684_000, max_tps=interval(4.6), p50_ms=244, p95_ms=330),
    ),
    sizes=tuple(
        VariantOutput(
            size=name,
            images=8,
            least_bytes=least,
            most_bytes=most,
            average_bytes=(least + most) // 2,
            max_tps=interval(tps, 0.03),
            p50_ms=p50,
            p95_ms=round(1.4 * p50),
        )
        for name, least, most, tps, p50 in (
            ("small", 348_000, 531_000, 5.3, 168),
            ("medium", 592_000, 775_000, 5.1, 181),
            ("large", 836_000, 1_020_000, 4.1, 236),
        )
    ),
    faster_source="bytes",
    detail="Sent as bytes the model carries 5.00 requests/s, named in S3 4.60: send the images themselves. Large "
    "images take 29 % more time than small ones.",
    not_measured=(),
)
SCALED = ScalingOutput(
    inference_units=2,
    verdict="ok",
    max_tps=interval(9.4),
    tps_per_inference_unit=4.7,
    efficiency=IntervalOutput(0.94, 0.91, 0.97),
    detail="2 inference units carried 9.40 requests/s, 94 % of twice what one carries: capacity grows a little less "
    "than in step, so add one unit to recommendations above five.",
)
NOT_SCALED = ScalingOutput(
    None, None, None, None, None, "More than 1 inference unit was not measured: the run's budget was used up."
)
