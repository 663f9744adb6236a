"""The input of the machine that processes a batch. It is parsed and checked here, once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from iu_tuner.contract import model_arn as model_arns
from iu_tuner.contract.choices import Source
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.image_prefix import VALID_PREFIX, check_prefix, is_key_prefix
from iu_tuner.contract.input_errors import wrong_value
from iu_tuner.contract.input_parser import StrictInput, descriptions, parse_strictly

MAX_MINUTES = 1440  # of a batch: the state machine ends after 26 hours
MAX_UNITS = 100
MAX_TPS = 1_000_000

# The lists of images, by the end of their names.
LIST_SUFFIXES = (".csv", ".jsonl", ".manifest", "manifest.json")
# AWS allows these names for an execution, and a run has its execution's name.
_RUN_ID = r"^[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}$"
_LIST = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)", re.DOTALL)

ListFormat = Literal["s3", "keys"]

_VALID_LIST = 'the address of a list, "s3://<bucket>/<key>", that ends with .csv, .jsonl, .manifest or manifest.json'
_VALID_TIME = "a time with its zone in ISO 8601, such as 2026-11-28T17:00:00+01:00"
_VALID_UNITS = f'"deadline", "fastest", a whole number from 1 to {MAX_UNITS}, or an object with min, max'
_VALID_DEADLINE = "an object with withinHours, or at"
_VALID_CONFIDENCE = "a confidence from 0 to 100, or null"
_VALID_UNIT_NUMBER = f"a whole number from 1 to {MAX_UNITS}"
_VALID_TPS = f"requests per second that one inference unit carries, above 0 and at most {MAX_TPS}"
_VALID_SUFFIXES = 'a list of 1 to 20 ends of names, such as [".jpg", ".png"]'

Suffix = Annotated[str, Field(min_length=1, max_length=64)]


class BatchImagesInput(StrictInput):
    """`images`: the images to process. With a `list` the prefix has no effect"""

    bucket: str | None = Field(
        default=None, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{1,253}[a-zA-Z0-9]$", description="the name of an S3 bucket"
    )
    prefix: str = Field(default="incoming/", description=VALID_PREFIX)
    list: str | None = Field(default=None, max_length=1100, description=_VALID_LIST)
    list_format: ListFormat | None = Field(
        default=None, description='"s3" (bucket, key, version of S3 Batch Operations) or "keys" (key, version)'
    )
    modified_after: str | None = Field(default=None, max_length=64, description=_VALID_TIME)
    suffixes: tuple[Suffix, ...] = Field(
        default=(".jpg", ".jpeg", ".png"), min_length=1, max_length=20, strict=False, description=_VALID_SUFFIXES
    )
    source: Source = Field(default="s3", description='"bytes" or "s3"')


class ResultsInput(StrictInput):
    """`results`: the files to write, and the labels to ask for"""

    prefix: str = Field(default="results/", description=VALID_PREFIX)
    per_image: bool = Field(default=True, description="true or false")
    min_confidence: float | None = Field(default=None, ge=0, le=100, description=_VALID_CONFIDENCE)
    keep_from: float | None = Field(default=None, ge=0, le=100, description=_VALID_CONFIDENCE)
    ground_truth: bool = Field(default=False, description="true or false")


class DeadlineWithin(StrictInput):
    """`deadline` in hours after the start of the execution"""

    within_hours: float = Field(gt=0, le=8760, description="hours, above 0 and at most 8760")


class DeadlineAt(StrictInput):
    """`deadline` as a time"""

    at: str = Field(max_length=64, description=_VALID_TIME)


class UnitsRange(StrictInput):
    """`units` of a model that auto-scales"""

    min: int = Field(ge=1, le=MAX_UNITS, description=_VALID_UNIT_NUMBER)
    max: int = Field(ge=1, le=MAX_UNITS, description=_VALID_UNIT_NUMBER)


def _kind_of_deadline(value: Any) -> str:
    is_time = isinstance(value, DeadlineAt) or (isinstance(value, Mapping) and "at" in value)
    return "at" if is_time else "within"


def _kind_of_units(value: Any) -> str:
    """The kind of the inference units by their type, so that an error message is about that kind only."""
    if isinstance(value, Mapping | UnitsRange):
        return "range"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else "word"


DeadlineInput = Annotated[
    Annotated[DeadlineWithin, Tag("within")] | Annotated[DeadlineAt, Tag("at")], Discriminator(_kind_of_deadline)
]
UnitsInput = Annotated[
    Annotated[Literal["deadline", "fastest"], Tag("word")]
    | Annotated[Annotated[int, Field(ge=1, le=MAX_UNITS)], Tag("number")]
    | Annotated[UnitsRange, Tag("range")],
    Discriminator(_kind_of_units),
]


class BatchLimitsInput(StrictInput):
    """`limits`: the maximum minutes, USD and failed images of the run"""

    max_minutes: float = Field(
        default=300, gt=0, le=MAX_MINUTES, description=f"minutes, above 0 and at most {MAX_MINUTES}"
    )
    max_cost_usd: float = Field(default=20, gt=0, le=10_000, description="US dollars, above 0 and at most 10000")
    max_failed_percent: float = Field(default=5, ge=0, le=100, description="percent of the images, from 0 to 100")


class ProcessInput(StrictInput):
    """The input of a batch"""

    task: Literal["process"] = Field(default="process", description='"process"')
    model_arn: str = Field(max_length=2048, pattern=model_arns.PATTERN, description=model_arns.VALID_ARN)
    images: BatchImagesInput = Field(
        default=BatchImagesInput(),
        description="an object with bucket, prefix, list, listFormat, modifiedAfter, suffixes, source",
    )
    results: ResultsInput = Field(
        default=ResultsInput(), description="an object with prefix, perImage, minConfidence, keepFrom, groundTruth"
    )
    deadline: DeadlineInput | None = Field(default=None, description=_VALID_DEADLINE)
    units: UnitsInput = Field(default="deadline", description=_VALID_UNITS)
    tps: float | None = Field(default=None, gt=0, le=MAX_TPS, description=_VALID_TPS)
    measure_first: bool = Field(default=False, description="true or false")
    limits: BatchLimitsInput = Field(
        default=BatchLimitsInput(), description="an object with maxMinutes, maxCostUsd, maxFailedPercent"
    )
    resume: str | None = Field(default=None, pattern=_RUN_ID, description="the runId of an earlier batch, or null")
    after_run: Literal["stop", "restore"] = Field(default="stop", description='"stop" or "restore"')

    def deadline_at(self, started_at: float) -> float | None:
        """The deadline in epoch seconds of an execution that started at `started_at`. Returns None without one."""
        if isinstance(self.deadline, DeadlineWithin):
            return started_at + 3600 * self.deadline.within_hours
        return None if self.deadline is None else datetime.fromisoformat(self.deadline.at).timestamp()


def parse_process_input(values: Any) -> ProcessInput:
    """The input of a batch with its defaults.

    Raises:
        InvalidInput: names each wrong field, what it got and what it takes.
    """
    process_input = _with_source(parse_strictly(ProcessInput, values, _FIELDS))
    _check_images(process_input.images)
    _check_results(process_input.results, process_input.images)
    if isinstance(process_input.deadline, DeadlineAt):
        _check_time("deadline.at", process_input.deadline.at)
    if isinstance(process_input.units, UnitsRange) and process_input.units.min > process_input.units.max:
        raise InvalidInput(
            wrong_value("units.min", process_input.units.min, f"at most units.max, which is {process_input.units.max}")
        )
    if process_input.measure_first and process_input.tps is not None:
        raise InvalidInput(wrong_value("measureFirst", True, "false where tps says what one inference unit carries"))
    return process_input


def _with_source(process_input: ProcessInput) -> ProcessInput:
    """The input with the source that its model's service takes. Raises InvalidInput if it names another one."""
    images, service = process_input.images, model_arns.service_of(process_input.model_arn)
    if "source" not in images.model_fields_set:
        images = images.model_copy(update={"source": service.default_source(images.source)})
    if refusal := service.refusal(images.source):
        raise InvalidInput(refusal)
    return process_input.model_copy(update={"images": images})


def list_address(address: str) -> tuple[str, str]:
    """The bucket and the key of `images.list`, which `parse_process_input` has already checked."""
    match = _LIST.fullmatch(address)
    assert match, f"{address} was not checked at the door"
    return match[1], match[2]


def _check_images(images: BatchImagesInput) -> None:
    check_prefix(images.prefix)
    if images.modified_after is not None:
        _check_time("images.modifiedAfter", images.modified_after)
    if images.list is None:
        if images.list_format is not None:
            raise InvalidInput(wrong_value("images.listFormat", images.list_format, "nothing without images.list"))
        return
    if not _LIST.fullmatch(images.list) or not images.list.endswith(LIST_SUFFIXES):
        raise InvalidInput(wrong_value("images.list", images.list, _VALID_LIST))
    if images.list_format is not None and not images.list.endswith(".csv"):
        raise InvalidInput(wrong_value("images.listFormat", images.list_format, "nothing for a list that is no .csv"))
    if images.modified_after is not None and not images.list.endswith("manifest.json"):
        valid_values = "nothing for a list without times: only S3 Inventory and a prefix have them"
        raise InvalidInput(wrong_value("images.modifiedAfter", images.modified_after, valid_values))


def _check_results(results: ResultsInput, images: BatchImagesInput) -> None:
    if not is_key_prefix(results.prefix):
        valid_values = f"{VALID_PREFIX} as S3 has it: no leading /, no s3://, no * and no \\"
        raise InvalidInput(wrong_value("results.prefix", results.prefix, valid_values))
    if images.list is None and results.prefix and images.prefix.startswith(results.prefix):
        valid_values = f"a prefix that is not the start of images.prefix, which is {images.prefix}"
        raise InvalidInput(wrong_value("results.prefix", results.prefix, valid_values))
    if None not in (results.keep_from, results.min_confidence) and results.keep_from > results.min_confidence:  # type: ignore[operator]
        valid_values = f"at most results.minConfidence, which is {results.min_confidence:g}"
        raise InvalidInput(wrong_value("results.keepFrom", results.keep_from, valid_values))


def _check_time(field: str, text: str) -> None:
    try:
        has_zone = datetime.fromisoformat(text).tzinfo is not None
        datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        has_zone = False
    if not has_zone:
        raise InvalidInput(wrong_value(field, text, _VALID_TIME))


# What each field takes, by the place of its object in the input. Each kind of deadline and units has its own place.
_FIELDS = {
    "": descriptions(ProcessInput),
    "images": descriptions(BatchImagesInput),
    "results": descriptions(ResultsInput),
    "deadline.within": descriptions(DeadlineWithin),
    "deadline.at": descriptions(DeadlineAt),
    "units.range": descriptions(UnitsRange),
    "units.word": {},
    "units.number": {},
    "limits": descriptions(BatchLimitsInput),
}
