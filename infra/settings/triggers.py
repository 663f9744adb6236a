"""What starts runs by itself: the context keys `schedules` and `uploadTriggers`, checked as a run would check them."""

import hashlib
import json
import re
import zoneinfo
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from infra.settings.context import FromContext
from infra.settings.schedule_expression import TAKES, is_schedule_expression
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.execution_input import parse_input
from iu_tuner.contract.image_prefix import instead_of
from iu_tuner.contract.names import REPORT_PREFIX

_MAX_SETTLE_S = 3600
# A folder. `<`, `>` and `"` would mean something in what the rule makes of the event.
_FOLDER = re.compile(r"""[^/*?$<>"\\\s][^*?$<>"\\\x00-\x1f]{0,254}/""")
# Two of the host's own names are none of a place, and EventBridge Scheduler knows neither.
_TIME_ZONES = {"UTC", *zoneinfo.available_timezones()} - {"localtime", "Factory"}


def _accepted(raw: Any) -> Any:
    """An input that the parser of the run accepts.

    Raises:
        ValueError: the parser's own sentence.
    """
    try:
        parse_input(raw)
    except InvalidInput as refused:
        raise ValueError(refused.sentence) from None
    return raw


def _without_place(raw: Any) -> Any:
    """An input that leaves to its trigger where the images are.

    Raises:
        ValueError: it names a bucket or a prefix.
    """
    images = raw.get("images") if isinstance(raw, Mapping) else None
    for name in ("bucket", "prefix"):
        if isinstance(images, Mapping) and name in images:
            raise ValueError(f"images.{name}: leave it out; the trigger fills it in")
    return raw


def _folder(prefix: str) -> str:
    """A folder that the rule can match, and that no report is written to.

    Raises:
        PydanticCustomError: it is none; `more` says what to write instead.
    """
    overlaps_reports = prefix.startswith(REPORT_PREFIX) or REPORT_PREFIX.startswith(prefix)
    instead = instead_of(prefix)
    if instead or overlaps_reports or not _FOLDER.fullmatch(prefix):
        raise PydanticCustomError("folder", "no folder", {"more": f"; {instead}" if instead else ""})
    return prefix


def _one_of(is_known: Any) -> AfterValidator:
    def check(text: str) -> str:
        if not is_known(text):
            raise PydanticCustomError("unknown", "unknown")
        return text

    return AfterValidator(check)


RunInput = Annotated[Mapping[str, Any], BeforeValidator(_accepted)]
TriggerInput = Annotated[RunInput, BeforeValidator(_without_place)]


def _fingerprint(*about: Any) -> str:
    return hashlib.sha256("\n".join(about).encode()).hexdigest()[:8]


class Schedule(FromContext):
    """When to start a run, and with which input."""

    expression: Annotated[str, _one_of(is_schedule_expression)] = Field(description=TAKES)
    timezone: Annotated[str, _one_of(_TIME_ZONES.__contains__)] = Field(
        default="UTC", description="the name of a time zone, like Europe/Paris"
    )
    input: RunInput = Field(description="the input of a run")
    enabled: bool = Field(default=True, description="true or false")

    @property
    def fingerprint(self) -> str:
        """Of what it does, wherever it stands in the list and whether it is enabled or not."""
        return _fingerprint(json.dumps([self.expression, self.timezone, self.input], sort_keys=True))


class UploadTrigger(FromContext):
    """Images under the prefix start a run with this input once no more came for `settle_seconds`."""

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
        """What a run gets, but for the name of the bucket."""
        return {**self.input, "images": {**self.input.get("images", {}), "prefix": self.prefix}}

    @property
    def fingerprint(self) -> str:
        """Of the uploads that it is about, and the model."""
        return _fingerprint(self.prefix, self.input["modelArn"])
