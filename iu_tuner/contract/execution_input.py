"""The execution's input. It is parsed and checked here, once; no other code checks it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from iu_tuner.contract import model_arn as model_arns
from iu_tuner.contract.choices import MAX_WORKERS, AfterRun, Mode, Source
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.image_prefix import VALID_PREFIX, check_prefix
from iu_tuner.contract.input_errors import missing_field, wrong_value
from iu_tuner.contract.input_parser import StrictInput, descriptions, parse_strictly

MAX_CONCURRENCY = 4000
MAX_TPS = 1_000_000


class ImagesInput(StrictInput):
    """`images`: the images to send, and how they are sent"""

    bucket: str | None = Field(
        default=None, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{1,253}[a-zA-Z0-9]$", description="the name of an S3 bucket"
    )
    prefix: str = Field(default="samples/", description=VALID_PREFIX)
    source: Source = Field(default="bytes", description='"bytes" or "s3"')
    compare: bool = Field(default=False, description="true or false")


_VALID_TPS = f"requests per second, above 0 and at most {MAX_TPS}"


class TrafficInput(StrictInput):
    """`demand` of steady traffic: if only one of average and peak is given, both have that value"""

    average_tps: float | None = Field(default=None, gt=0, le=MAX_TPS, description=_VALID_TPS)
    peak_tps: float | None = Field(default=None, gt=0, le=MAX_TPS, description=_VALID_TPS)
    headroom: float = Field(default=0.0, ge=0, le=10, description="a share from 0 to 10; 0.2 is 20 % more")


class BatchInput(StrictInput):
    """`demand` of a batch of images with a deadline"""

    images: int = Field(ge=1, le=10**12, description="a whole number of images from 1 to 1000000000000")
    within_hours: float = Field(gt=0, le=8760, description="hours, above 0 and at most 8760")


class PastInput(StrictInput):
    """`demand` taken from past requests"""

    from_cloud_watch_days: int = Field(ge=1, le=455, description="a whole number of days from 1 to 455")
    percentile: float = Field(default=99, ge=50, le=100, description="a percentile from 50 to 100")
    headroom: float = Field(default=0.0, ge=0, le=10, description="a share from 0 to 10; 0.2 is 20 % more")


def _kind_of_demand(value: Any) -> str:
    """The kind of the demand by its keys, so that an error message is about that kind only."""
    keys = set(value) if isinstance(value, Mapping) else set()
    if {"images", "withinHours"} & keys:
        return "batch"
    return "past" if {"fromCloudWatchDays", "percentile"} & keys else "traffic"


DemandInput = Annotated[
    Annotated[TrafficInput, Tag("traffic")] | Annotated[BatchInput, Tag("batch")] | Annotated[PastInput, Tag("past")],
    Discriminator(_kind_of_demand),
]


class TestInput(StrictInput):
    """`test`: how the model is measured"""

    inference_units: int = Field(default=1, ge=1, le=100, description="a whole number from 1 to 100")
    mode: Mode = Field(default="standard", description='"quick", "standard" or "precise"')
    start_concurrency: int = Field(
        default=4, ge=1, le=MAX_CONCURRENCY, description=f"a whole number from 1 to {MAX_CONCURRENCY}"
    )
    max_concurrency: int = Field(
        default=256, ge=1, le=MAX_CONCURRENCY, description=f"a whole number from 1 to {MAX_CONCURRENCY}"
    )
    in_flight_per_worker: int = Field(default=8, ge=1, le=64, description="a whole number from 1 to 64")
    allow_other_traffic: bool = Field(default=False, description="true or false")
    verify_scaling: bool = Field(default=False, description="true or false")


class LimitsInput(StrictInput):
    """`limits`: the maximum minutes and USD of the run"""

    max_minutes: float = Field(default=90, gt=0, le=300, description="minutes, above 0 and at most 300")
    max_cost_usd: float = Field(default=10, gt=0, le=10_000, description="US dollars, above 0 and at most 10000")


class ExecutionInput(StrictInput):
    """The input of an execution"""

    model_arn: str = Field(max_length=2048, pattern=model_arns.PATTERN, description=model_arns.VALID_ARN)
    images: ImagesInput = Field(default=ImagesInput(), description="an object with bucket, prefix, source, compare")
    demand: DemandInput | None = Field(
        None, description="an object with averageTps and peakTps, or images and withinHours, or fromCloudWatchDays"
    )
    test: TestInput = Field(default=TestInput(), description="an object")
    limits: LimitsInput = Field(default=LimitsInput(), description="an object with maxMinutes, maxCostUsd")
    after_run: AfterRun = Field(default="stop", description='"stop", "restore" or "apply"')


def parse_input(values: Any) -> ExecutionInput:
    """The execution's input with its defaults.

    Raises:
        InvalidInput: names each wrong field, what it got and what it takes.
    """
    execution_input = parse_strictly(ExecutionInput, values, _FIELDS)
    _check_pairs(execution_input)
    return execution_input


def _check_pairs(execution_input: ExecutionInput) -> None:
    test, demand = execution_input.test, execution_input.demand
    if test.max_concurrency > MAX_WORKERS * test.in_flight_per_worker:
        valid_values = f"at most {MAX_WORKERS} times test.inFlightPerWorker, which is {test.in_flight_per_worker}"
        raise InvalidInput(wrong_value("test.maxConcurrency", test.max_concurrency, valid_values))
    if "start_concurrency" in test.model_fields_set and test.start_concurrency > test.max_concurrency:
        valid_values = f"at most test.maxConcurrency, which is {test.max_concurrency}"
        raise InvalidInput(wrong_value("test.startConcurrency", test.start_concurrency, valid_values))
    if execution_input.after_run == "apply" and demand is None:
        valid_values = f"{_FIELDS['']['demand']}, as afterRun is apply: without it no inference units follow"
        raise InvalidInput(missing_field("demand", valid_values))
    if isinstance(demand, TrafficInput):
        _check_traffic(demand.average_tps, demand.peak_tps)
    if isinstance(demand, BatchInput) and demand.images > MAX_TPS * 3600 * demand.within_hours:
        valid_values = f"hours enough for {demand.images} images at {MAX_TPS} requests per second or fewer"
        raise InvalidInput(wrong_value("demand.withinHours", demand.within_hours, valid_values))
    check_prefix(execution_input.images.prefix)
    images, service = execution_input.images, model_arns.service_of(execution_input.model_arn)
    if refusal := service.refusal(images.source, compare=images.compare):
        raise InvalidInput(refusal)


def _check_traffic(average_tps: float | None, peak_tps: float | None) -> None:
    if average_tps is None and peak_tps is None:
        raise InvalidInput(missing_field("demand.averageTps", "requests per second, where peakTps is not given"))
    if average_tps is not None and peak_tps is not None and average_tps > peak_tps:
        raise InvalidInput(
            f"demand.averageTps: got {average_tps:g}; takes at most demand.peakTps, which is {peak_tps:g}"
        )


# What each field takes, by the place of its object in the input. Each kind of demand has its own place.
_FIELDS = {
    "": descriptions(ExecutionInput),
    "images": descriptions(ImagesInput),
    "demand.traffic": descriptions(TrafficInput),
    "demand.batch": descriptions(BatchInput),
    "demand.past": descriptions(PastInput),
    "test": descriptions(TestInput),
    "limits": descriptions(LimitsInput),
}
