"""Parses the context keys `schedules` and `uploadTriggers`; their inputs are checked with the parser of the run."""

import hashlib
import json
import re
import zoneinfo
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from infra.settings.context import FromContext
from infra.settings.schedule_expression import TAKES, is_schedule_expression
from iu_tuner.contract.batch.batch_input import parse_process_input
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.execution_input import parse_input
from iu_tuner.contract.image_prefix import prefix_advice
from iu_tuner.contract.names import REPORT_PREFIX

TASK = "process"  # of the input that starts the batch machine
_MAX_SETTLE_S = 3600
# A folder. `<`, `>` and `"` are special in the rule's template for its message.
_FOLDER = re.compile(r"""[^/*?$<>"\\\s][^*?$<>"\\\x00-\x1f]{0,254}/""")
# Two names of the host's database are not time zones of a place, and EventBridge Scheduler does not accept them.
_TIME_ZONES = {"UTC", *zoneinfo.available_timezones()} - {"localtime", "Factory"}


def task_of(raw: Any) -> str:
    """What the input asks for: `process` or `measure`."""
    return TASK if isinstance(raw, Mapping) and raw.get("task") == TASK else "measure"


def _accepted(parse: Callable[[Any], object], raw: Any) -> Any:
    """Check that the parser accepts the input.

    Raises:
        ValueError: with the parser's sentence.
    """
    try:
        parse(raw)
    except InvalidInput as refused:
        raise ValueError(refused.sentence) from None
    return raw


def _accepted_by_its_machine(raw: Any) -> Any:
    return _accepted(parse_process_input if task_of(raw) == TASK else parse_input, raw)


def _without_place(raw: Any) -> Any:
    """Check that the input does not name the place of the images, which the trigger sets.

    Raises:
        ValueError: the input names a bucket or a prefix.
    """
    images = raw.get("images") if isinstance(raw, Mapping) else None
    for name in ("bucket", "prefix"):
        if isinstance(images, Mapping) and name in images:
            raise ValueError(f"images.{name}: leave it out; the trigger fills it in")
    return raw


def _folder(prefix: str) -> str:
    """Check that the prefix is a folder that the rule can match, and without reports.

    Raises:
        PydanticCustomError: the prefix is no such folder; `more` says what to write instead.
    """
    overlaps_reports = prefix.startswith(REPORT_PREFIX) or REPORT_PREFIX.startswith(prefix)
    instead = prefix_advice(prefix)
    if instead or overlaps_reports or not _FOLDER.fullmatch(prefix):
        raise PydanticCustomError("folder", "no folder", {"more": f"; {instead}" if instead else ""})
    return prefix


def _one_of(is_known: Any) -> AfterValidator:
    def check(text: str) -> str:
        if not is_known(text):
            raise PydanticCustomError("unknown", "unknown")
        return text

    return AfterValidator(check)


RunInput = Annotated[Mapping[str, Any], BeforeValidator(partial(_accepted, parse_input))]
AnyRunInput = Annotated[Mapping[str, Any], BeforeValidator(_accepted_by_its_machine)]
TriggerInput = Annotated[RunInput, BeforeValidator(_without_place)]


def fingerprint(*about: Any) -> str:
    """A hash of these texts, for names of resources."""
    return hashlib.sha256("\n".join(about).encode()).hexdigest()[:8]


class Schedule(FromContext):
    """A schedule of runs: an expression, a time zone and the input."""

    expression: Annotated[str, _one_of(is_schedule_expression)] = Field(description=TAKES)
    timezone: Annotated[str, _one_of(_TIME_ZONES.__contains__)] = Field(
        default="UTC", description="the name of a time zone, like Europe/Paris"
    )
    input: AnyRunInput = Field(description="the input of a run")
    enabled: bool = Field(default=True, description="true or false")

    @property
    def task(self) -> str:
        """What the schedule starts: `process` or `measure`."""
        return task_of(self.input)

    @property
    def fingerprint(self) -> str:
        """A hash of the expression, the time zone and the input; it depends on neither the position nor `enabled`."""
        return fingerprint(json.dumps([self.expression, self.timezone, self.input], sort_keys=True))


class UploadTrigger(FromContext):
    """Images under the prefix start a run with this input after `settle_seconds` without another upload."""

    prefix: Annotated[str, AfterValidator(_folder)] = Field(
        description="a folder of at most 256 characters, like samples/, that has nothing to do with "
        f'{REPORT_PREFIX}; without *, ?, $, <, >, " and \\'
    )
    settle_seconds: int = Field(
        default=60, ge=1, le=_MAX_SETTLE_S, description=f"a whole number of seconds from 1 to {_MAX_SETTLE_S}"
    )
    input: TriggerInput = Field(description="the input of a run")

    @property
    def run_input(self) -> dict[str, Any]:
        """The run's input without the name of the bucket."""
        return {**self.input, "images": {**self.input.get("images", {}), "prefix": self.prefix}}

    @property
    def fingerprint(self) -> str:
        """A hash of the prefix and the model's ARN."""
        return fingerprint(self.prefix, self.input["modelArn"])
