"""The comparison of images in the words of the public interface."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from iu_tuner.contract.choices import Source
from iu_tuner.contract.output.measured import ImageComparisonOutput, NotMeasured, VariantOutput
from iu_tuner.formats import rounded
from lambdas.capacity.rates.interval import Interval
from lambdas.experiments.image_variants import SIZES, WAYS, average_bytes, images_of
from lambdas.experiments.variant_rate import VariantRate, is_above
from lambdas.images.image import MAX_BYTES, Image
from lambdas.load.histogram import LATENCIES_FOR_P95
from lambdas.load.step import Series
from lambdas.runs.run import Run
from lambdas.runs.step_rows import interval_row

MOVED = "The model's capacity moved while it was measured, so no difference is claimed; run again."


def comparison_output(
    run: Run,
    refused: Set[str],
    concurrency: int,
    rates: Mapping[Series, VariantRate],
    not_measured: Mapping[str, str],
    *,
    moved: bool = False,
) -> ImageComparisonOutput:
    """`imageComparison`, with its numbers and a few sentences; `refused` are keys of images.

    Of a model whose capacity `moved` meanwhile no difference is claimed.
    """
    images = {series: images_of(run, series, refused) for series in (*WAYS, *SIZES)}
    used = len(images_of(run, "main", refused))
    why = dict(not_measured)
    for source in WAYS:
        if not images[source]:
            why[source] = f"no image is small enough for both ways ({MAX_BYTES['bytes']:,} bytes)"
    if not any(images[size] for size in SIZES):
        why.setdefault("sizes", "there is one image" if used == 1 else "the images are of about the same size")
    return ImageComparisonOutput(
        concurrency=concurrency,
        sources=tuple(
            VariantOutput(source=source, **_common(images[source], rates[source])) for source in WAYS if source in rates
        ),
        sizes=tuple(
            VariantOutput(size=size, **_span(images[size]), **_common(images[size], rates[size]))
            for size in SIZES
            if size in rates
        ),
        faster_source=None if moved else faster_source(rates),
        detail=_detail(concurrency, images, used, rates, why, moved),
        not_measured=tuple(NotMeasured(what, reason) for what, reason in why.items()),
    )


def faster_source(rates: Mapping[Series, VariantRate]) -> Source | None:
    """The way whose interval lies above the other's. Returns None if the intervals overlap."""
    if not {*WAYS} <= rates.keys():
        return None
    sent, named = rates["bytes"].max_tps, rates["s3"].max_tps
    return "bytes" if is_above(sent, named) else "s3" if is_above(named, sent) else None


def _detail(
    concurrency: int,
    images: Mapping[Series, tuple[Image, ...]],
    used: int,
    rates: Mapping[Series, VariantRate],
    why: Mapping[str, str],
    moved: bool,
) -> str:
    if not rates:
        reasons = "; ".join(dict.fromkeys(why.values()))
        return f"Nothing was compared: {reasons}."
    sentences = [MOVED] if moved else []
    sentences.append(_of_sources(rates, why, moved))
    if left_out := used - len(images["bytes"]):
        sentences.append(
            f"{left_out} of {used} images were left out of that: bytes takes {MAX_BYTES['bytes']:,} bytes at most."
        )
    bounds = [series for series in (*WAYS, *SIZES) if series in rates and rates[series].max_tps.high is None]
    if bounds:
        sentences.append(f"Not saturated at {concurrency} concurrent requests, so lower bounds: {', '.join(bounds)}.")
    return " ".join([*sentences, _of_sizes(images, rates, why, moved)])


def _of_sources(rates: Mapping[Series, VariantRate], why: Mapping[str, str], moved: bool) -> str:
    if not {*WAYS} <= rates.keys():
        missing = [source for source in WAYS if source not in rates]
        return f"The ways were not compared: {'; '.join(f'{each}: {why[each]}' for each in missing)}."
    sent, named = rates["bytes"], rates["s3"]
    carried = f"the model carried {_shown(sent.max_tps)} requests/s by bytes and {_shown(named.max_tps)} by s3"
    took = f"An answer took {_latency(sent)} by bytes and {_latency(named)} by s3."
    if moved:
        return f"{carried[0].upper()}{carried[1:]}. {took}"
    if faster := faster_source(rates):
        return f"For these images {faster} is the faster way: {carried}. {took}"
    return f"Neither way was seen to be faster: {carried}, which the measurement can't tell apart. {took}"


def _of_sizes(
    images: Mapping[Series, tuple[Image, ...]], rates: Mapping[Series, VariantRate], why: Mapping[str, str], moved: bool
) -> str:
    measured = [size for size in SIZES if size in rates]
    if len(measured) < 2:
        reasons = dict.fromkeys(why[each] for each in ("sizes", *SIZES) if each in why)
        return f"Size was not compared: {'; '.join(reasons)}."
    smallest, largest = rates[measured[0]], rates[measured[-1]]
    evidence = (
        f"{_shown(smallest.max_tps)} requests/s for {measured[0]} ones ({_kilobytes(images[measured[0]])}) and "
        f"{_shown(largest.max_tps)} for {measured[-1]} ones ({_kilobytes(images[measured[-1]])}), "
        f"an answer took {_latency(smallest)} and {_latency(largest)}"
    )
    if moved:
        return f"By size: {evidence}."
    if is_above(smallest.max_tps, largest.max_tps):
        return f"Small images are faster: {evidence}."
    if is_above(largest.max_tps, smallest.max_tps):
        return f"Large images are faster: {evidence}."
    return f"No difference by size was seen: {evidence}."


def _common(images: tuple[Image, ...], one: VariantRate) -> dict[str, Any]:
    latency = one.latency
    return {
        "images": len(images),
        "average_bytes": round(average_bytes(images)),
        "max_tps": interval_row(one.max_tps),
        "p50_ms": rounded(latency.quantile_ms(0.5), 0),
        "p95_ms": rounded(latency.quantile_ms(0.95), 0) if latency.count >= LATENCIES_FOR_P95 else None,
    }


def _span(images: tuple[Image, ...]) -> dict[str, Any]:
    sizes = [image.bytes for image in images]
    return {"least_bytes": min(sizes), "most_bytes": max(sizes)}


def _shown(found: Interval) -> str:
    if found.high is None:
        return f"at least {found.estimate:.2f}"
    return f"{found.estimate:.2f} ({found.low:.2f} to {found.high:.2f})"


def _latency(one: VariantRate) -> str:
    median_ms, p95_ms = one.latency.quantile_ms(0.5), one.latency.quantile_ms(0.95)
    if median_ms is None or p95_ms is None:
        return "an unknown time"
    p95 = f" (p95 {p95_ms:.0f})" if one.latency.count >= LATENCIES_FOR_P95 else ""
    return f"{median_ms:.0f} ms{p95}"


def _kilobytes(images: tuple[Image, ...]) -> str:
    return f"{average_bytes(images) / 1000:,.0f} kB"
