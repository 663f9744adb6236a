"""One entry of the context key `inference`: which uploads a model analyses, how, and where their results lie.

The deployment and the Lambdas use the same parser.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from iu_tuner.contract import model_arn as model_arns
from iu_tuner.contract.choices import Source
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.image_prefix import is_key_prefix, prefix_advice
from iu_tuner.contract.input_errors import wrong_value
from iu_tuner.contract.input_parser import StrictInput, descriptions, parse_strictly
from iu_tuner.contract.names import REPORT_PREFIX

MAX_MINUTES = 1440
MAX_WAIT_S = 14 * 24 * 3600  # the queue keeps messages for 14 days
# The prefix stands in policies, where `*`, `?` and `$` are special.
_PREFIX = re.compile(r"[^/*?$\\\s][^*?$\\\x00-\x1f]{0,255}")
_VALID_PREFIX = (
    f"the start of keys, like test_images/, of at most 256 characters, without *, ? and $, and apart from "
    f"{REPORT_PREFIX}"
)
_VALID_RESULT_PREFIX = "the start of the results' keys, like results/, or null for results beside the images"
_VALID_CONFIDENCE = "a confidence from 0 to 100, or null"
_VALID_ALIAS = "the alias of a key that the stack makes, like alias/uploads, which does not begin with aws/, or null"
VALID_UNITS = '"recommended", or a whole number from 1 to 100'

Suffix = Annotated[str, Field(min_length=1, max_length=64)]


class ResultsPlace(StrictInput):
    """`results`: the place of the results. Without a bucket and a prefix they lie beside the images"""

    bucket: str | None = Field(
        default=None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="the name of an S3 bucket, or null"
    )
    prefix: str | None = Field(default=None, description=_VALID_RESULT_PREFIX)
    suffix: Suffix = Field(default=".json", description="the end of a result's key, of 1 to 64 characters")


class StartAt(StrictInput):
    """`startAt`: how many uploads wait, or how long the oldest one waits, before the model is started"""

    images: int = Field(default=1, ge=1, le=10**9, description="a whole number of images, at least 1")
    oldest_seconds: float = Field(default=300, ge=1, le=MAX_WAIT_S, description=f"seconds from 1 to {MAX_WAIT_S}")


class ServeLimits(StrictInput):
    """`limits`: the maximum minutes and USD of a model that was started for uploads"""

    max_minutes: float = Field(
        default=300, gt=0, le=MAX_MINUTES, description=f"minutes, above 0 and at most {MAX_MINUTES}"
    )
    max_cost_usd: float = Field(default=10, gt=0, le=10_000, description="US dollars, above 0 and at most 10000")


def _kind_of_units(value: Any) -> str:
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else "word"


Units = Annotated[
    Annotated[Literal["recommended"], Tag("word")] | Annotated[Annotated[int, Field(ge=1, le=100)], Tag("number")],
    Discriminator(_kind_of_units),
]


class InferenceEntry(StrictInput):
    """The images under a prefix that a model analyses as they arrive"""

    prefix: str = Field(description=_VALID_PREFIX)
    model_arn: str = Field(max_length=2048, pattern=model_arns.PATTERN, description=model_arns.VALID_ARN)
    suffixes: tuple[Suffix, ...] = Field(
        default=(".jpg", ".jpeg", ".png"),
        min_length=1,
        max_length=20,
        strict=False,
        description='a list of 1 to 20 ends of names, such as [".jpg", ".png"], each of 1 to 64 characters',
    )
    min_confidence: float | None = Field(default=50, ge=0, le=100, description=_VALID_CONFIDENCE)
    keep_from: float | None = Field(default=None, ge=0, le=100, description=_VALID_CONFIDENCE)
    source: Source = Field(default="s3", description='"bytes" or "s3"')
    results: ResultsPlace = Field(default=ResultsPlace(), description="an object with bucket, prefix, suffix")
    queue_name: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,67}$",
        description="a name of at most 67 letters, digits, _ and -, or null",
    )
    kms_key_alias: str | None = Field(
        default=None, pattern=r"^(alias/)?[A-Za-z0-9/_-]{1,200}$", description=_VALID_ALIAS
    )
    when_stopped: Literal["wait", "start"] = Field(default="wait", description='"wait" or "start"')
    start_at: StartAt = Field(default=StartAt(), description="an object with images, oldestSeconds")
    idle_stop_minutes: float = Field(
        default=10, ge=0.1, le=MAX_MINUTES, description=f"minutes from 0.1 to {MAX_MINUTES}"
    )
    units: Units = Field(default="recommended", description=VALID_UNITS)
    limits: ServeLimits = Field(default=ServeLimits(), description="an object with maxMinutes, maxCostUsd")
    max_attempts: int = Field(default=5, ge=1, le=100, description="a whole number from 1 to 100")
    event: bool = Field(default=False, description="true or false")

    @property
    def starts_model(self) -> bool:
        """Whether uploads start the model."""
        return self.when_stopped == "start"

    @property
    def key_alias(self) -> str | None:
        """The alias of the queue's own key without `alias/`. Returns None if it has no key of its own."""
        return None if self.kms_key_alias is None else self.kms_key_alias.removeprefix("alias/")

    def takes(self, key: str) -> bool:
        """Whether this entry analyses an upload with this key. The case of its suffix does not matter.

        The mask of a result may lie beside its image. It is no upload.
        """
        is_image = key.startswith(self.prefix) and key.lower().endswith(tuple(each.lower() for each in self.suffixes))
        return is_image and not model_arns.service_of(self.model_arn).is_mask(key)


def parse_entry(values: Any) -> InferenceEntry:
    """An entry with its defaults.

    Raises:
        InvalidInput: names each wrong field, what it got and what it takes.
    """
    entry = parse_strictly(InferenceEntry, values, _FIELDS)
    service = model_arns.service_of(entry.model_arn)
    if "source" not in entry.model_fields_set:
        entry = entry.model_copy(update={"source": service.default_source(entry.source)})
    if refusal := service.refusal(entry.source, field="source"):
        raise InvalidInput(refusal)
    _check_prefix(entry.prefix)
    result_prefix = entry.results.prefix
    if result_prefix is not None and not (is_key_prefix(result_prefix) and _PREFIX.fullmatch(result_prefix)):
        raise InvalidInput(wrong_value("results.prefix", result_prefix, _VALID_RESULT_PREFIX))
    if (entry.key_alias or "").startswith(("aws/", "alias/")):
        raise InvalidInput(wrong_value("kmsKeyAlias", entry.kms_key_alias, _VALID_ALIAS))
    min_confidence, keep_from = entry.min_confidence, entry.keep_from
    if min_confidence is not None and keep_from is not None and keep_from > min_confidence:
        raise InvalidInput(wrong_value("keepFrom", keep_from, f"at most minConfidence, which is {min_confidence:g}"))
    return entry


def _check_prefix(prefix: str) -> None:
    advice = prefix_advice(prefix)
    overlaps_reports = prefix.startswith(REPORT_PREFIX) or REPORT_PREFIX.startswith(prefix)
    if advice or overlaps_reports or not is_key_prefix(prefix) or not _PREFIX.fullmatch(prefix):
        raise InvalidInput(
            wrong_value("prefix", prefix, _VALID_PREFIX + (f"; {advice.partition(', and')[0]}" if advice else ""))
        )


# What each field takes, by the place of its object in the entry.
_FIELDS = {
    "": descriptions(InferenceEntry),
    "results": descriptions(ResultsPlace),
    "startAt": descriptions(StartAt),
    "limits": descriptions(ServeLimits),
    "units.word": {},
    "units.number": {},
}
