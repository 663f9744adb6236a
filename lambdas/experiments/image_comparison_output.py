"""The comparison of images in the words of the public interface."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from iu_tuner.contract.choices import Source
from iu_tuner.contract.output.measured import ImageComparisonOutput, NotMeasured, VariantOutput
from iu_tuner.formats import rounded
from lambdas.capacity.rates.interval import Interval
from lambdas.experiments.image_variants import SIZES, SOURCES, average_bytes, images_of
from lambdas.experiments.variant_rate import VariantRate, is_above
from lambdas.images.image import MAX_BYTES, Image
from lambdas.load.histogram import LATENCIES_FOR_P95
from lambdas.load.step import Series
from lambdas.runs.run import Run
from lambdas.runs.step_rows import interval_row

CAPACITY_MOVED = "The model's capacity moved while it was measured, so no difference is claimed; run again."


def comparison_output(
    run: Run,
    refused: Set[str],
    concurrency: int,
    rates: Mapping[Series, VariantRate],
    not_measured: Mapping[str, str],
    *,
    capacity_moved: bool = False,
) -> ImageComparisonOutput:
    """`imageComparison`, with its numbers and a few sentences; `refused` are keys of images.

    With `capacity_moved` no difference is claimed, as the capacity of the model changed meanwhile.
    """
    images = {series: images_of(run, series, refused) for series in (*SOURCES, *SIZES)}
    used_count = len(images_of(run, "main", refused))
    reasons = dict(not_measured)
    for source in SOURCES:
        if not images[source]:
            reasons[source] = f"no image is small enough for both ways ({MAX_BYTES['bytes']:,} bytes)"
    if not any(images[size] for size in SIZES):
        reasons.setdefault(
            "sizes", "there is one image" if used_count == 1 else "the images are of about the same size"
        )
    return ImageComparisonOutput(
        concurrency=concurrency,
        sources=tuple(
            VariantOutput(source=source, **_common_fields(images[source], rates[source]))
            for source in SOURCES
            if source in rates
        ),
        sizes=tuple(
            VariantOutput(size=size, **_size_fields(images[size]), **_common_fields(images[size], rates[size]))
            for size in SIZES
            if size in rates
        ),
        faster_source=None if capacity_moved else faster_source(rates),
        detail=_detail(concurrency, images, used_count, rates, reasons, capacity_moved),
        not_measured=tuple(NotMeasured(what, reason) for what, reason in reasons.items()),
    )


def faster_source(rates: Mapping[Series, VariantRate]) -> Source | None:
    """The way whose interval lies above the other's. Returns None if the intervals overlap."""
    if not {*SOURCES} <= rates.keys():
        return None
    by_bytes, by_s3 = rates["bytes"].max_tps, rates["s3"].max_tps
    return "bytes" if is_above(by_bytes, by_s3) else "s3" if is_above(by_s3, by_bytes) else None


def _detail(
    concurrency: int,
    images: Mapping[Series, tuple[Image, ...]],
    used_count: int,
    rates: Mapping[Series, VariantRate],
    reasons: Mapping[str, str],
    capacity_moved: bool,
) -> str:
    if not rates:
        all_reasons = "; ".join(dict.fromkeys(reasons.values()))
        return f"Nothing was compared: {all_reasons}."
    sentences = [CAPACITY_MOVED] if capacity_moved else []
    sentences.append(_sources_sentence(rates, reasons, capacity_moved))
    if left_out := used_count - len(images["bytes"]):
        sentences.append(
            f"{left_out} of {used_count} images were left out of that: bytes takes {MAX_BYTES['bytes']:,} bytes at"
            " most."
        )
    lower_bounds = [series for series in (*SOURCES, *SIZES) if series in rates and rates[series].max_tps.high is None]
    if lower_bounds:
        sentences.append(
            f"Not saturated at {concurrency} concurrent requests, so lower bounds: {', '.join(lower_bounds)}."
        )
    return " ".join([*sentences, _sizes_sentence(images, rates, reasons, capacity_moved)])


def _sources_sentence(rates: Mapping[Series, VariantRate], reasons: Mapping[str, str], capacity_moved: bool) -> str:
    if not {*SOURCES} <= rates.keys():
        missing_sources = [source for source in SOURCES if source not in rates]
        return f"The ways were not compared: {'; '.join(f'{source}: {reasons[source]}' for source in missing_sources)}."
    by_bytes, by_s3 = rates["bytes"], rates["s3"]
    rates_clause = (
        f"the model carried {_rate_text(by_bytes.max_tps)} requests/s by bytes and {_rate_text(by_s3.max_tps)} by s3"
    )
    latency_sentence = f"An answer took {_latency_text(by_bytes)} by bytes and {_latency_text(by_s3)} by s3."
    if capacity_moved:
        return f"{rates_clause[0].upper()}{rates_clause[1:]}. {latency_sentence}"
    if faster_way := faster_source(rates):
        return f"For these images {faster_way} is the faster way: {rates_clause}. {latency_sentence}"
    return (
        f"Neither way was seen to be faster: {rates_clause}, which the measurement can't tell apart. {latency_sentence}"
    )


def _sizes_sentence(
    images: Mapping[Series, tuple[Image, ...]],
    rates: Mapping[Series, VariantRate],
    reasons: Mapping[str, str],
    capacity_moved: bool,
) -> str:
    measured = [size for size in SIZES if size in rates]
    if len(measured) < 2:
        all_reasons = dict.fromkeys(reasons[each] for each in ("sizes", *SIZES) if each in reasons)
        return f"Size was not compared: {'; '.join(all_reasons)}."
    smallest, largest = rates[measured[0]], rates[measured[-1]]
    evidence = (
        f"{_rate_text(smallest.max_tps)} requests/s for {measured[0]} ones ({_kilobytes(images[measured[0]])}) and "
        f"{_rate_text(largest.max_tps)} for {measured[-1]} ones ({_kilobytes(images[measured[-1]])}), "
        f"an answer took {_latency_text(smallest)} and {_latency_text(largest)}"
    )
    if capacity_moved:
        return f"By size: {evidence}."
    if is_above(smallest.max_tps, largest.max_tps):
        return f"Small images are faster: {evidence}."
    if is_above(largest.max_tps, smallest.max_tps):
        return f"Large images are faster: {evidence}."
    return f"No difference by size was seen: {evidence}."


def _common_fields(images: tuple[Image, ...], rate: VariantRate) -> dict[str, Any]:
    latency = rate.latency
    return {
        "images": len(images),
        "average_bytes": round(average_bytes(images)),
        "max_tps": interval_row(rate.max_tps),
        "p50_ms": rounded(latency.quantile_ms(0.5), 0),
        "p95_ms": rounded(latency.quantile_ms(0.95), 0) if latency.count >= LATENCIES_FOR_P95 else None,
    }


def _size_fields(images: tuple[Image, ...]) -> dict[str, Any]:
    sizes = [image.bytes for image in images]
    return {"least_bytes": min(sizes), "most_bytes": max(sizes)}


def _rate_text(rate: Interval) -> str:
    if rate.high is None:
        return f"at least {rate.estimate:.2f}"
    return f"{rate.estimate:.2f} ({rate.low:.2f} to {rate.high:.2f})"


def _latency_text(rate: VariantRate) -> str:
    median_ms, p95_ms = rate.latency.quantile_ms(0.5), rate.latency.quantile_ms(0.95)
    if median_ms is None or p95_ms is None:
        return "an unknown time"
    p95 = f" (p95 {p95_ms:.0f})" if rate.latency.count >= LATENCIES_FOR_P95 else ""
    return f"{median_ms:.0f} ms{p95}"


def _kilobytes(images: tuple[Image, ...]) -> str:
    return f"{average_bytes(images) / 1000:,.0f} kB"
