"""What starts runs by itself: the context keys `schedules` and `uploadTriggers`, checked as a run would check them."""

import hashlib
import json
import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.settings.context import SettingsError
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
_SCHEDULE = {"expression", "timezone", "input", "enabled"}
_TRIGGER = {"prefix", "settleSeconds", "input"}


class InputRefused(SettingsError):
    """A run would refuse the input of a schedule or a trigger, and says why."""

    def __init__(self, place: str, sentence: str) -> None:
        ValueError.__init__(self, f"context key '{place}': {sentence}")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When to start a run, and with which input."""

    expression: str
    timezone: str
    input: Mapping[str, Any]
    is_enabled: bool

    @property
    def fingerprint(self) -> str:
        """Of what it does, wherever it stands in the list and whether it is enabled or not."""
        does = json.dumps([self.expression, self.timezone, self.input], sort_keys=True)
        return hashlib.sha256(does.encode()).hexdigest()[:8]


@dataclass(frozen=True, kw_only=True)
class UploadTrigger:
    """Images under the prefix start a run with this input once no more came for `settle_seconds`."""

    prefix: str
    settle_seconds: int
    input: Mapping[str, Any]

    @property
    def run_input(self) -> dict[str, Any]:
        """What a run gets, but for the name of the bucket."""
        return {**self.input, "images": {**self.input.get("images", {}), "prefix": self.prefix}}

    @property
    def fingerprint(self) -> str:
        """Of the uploads that it is about, and the model."""
        about = f"{self.prefix}\n{self.input['modelArn']}"
        return hashlib.sha256(about.encode()).hexdigest()[:8]


def schedules(key: str, got: object) -> tuple[Schedule, ...]:
    """The value of `schedules`."""
    found: list[Schedule] = []
    for place, entry in _entries(key, got, _SCHEDULE, required={"expression", "input"}):
        expression, timezone = entry["expression"], entry.get("timezone", "UTC")
        if not isinstance(expression, str) or not is_schedule_expression(expression):
            raise SettingsError(f"{place}.expression", expression, TAKES)
        if not isinstance(timezone, str) or timezone not in _TIME_ZONES:
            raise SettingsError(f"{place}.timezone", timezone, "the name of a time zone, like Europe/Paris")
        if not isinstance(enabled := entry.get("enabled", True), bool):
            raise SettingsError(f"{place}.enabled", enabled, "true or false")
        _check_input(place, entry["input"])
        schedule = Schedule(expression=expression, timezone=timezone, input=entry["input"], is_enabled=enabled)
        if schedule.fingerprint in {other.fingerprint for other in found}:
            raise SettingsError(place, dict(entry), "each combination of expression, timezone, input once")
        found.append(schedule)
    return tuple(found)


def upload_triggers(key: str, got: object) -> tuple[UploadTrigger, ...]:
    """The value of `uploadTriggers`."""
    found: list[UploadTrigger] = []
    for place, entry in _entries(key, got, _TRIGGER, required={"prefix", "input"}):
        prefix, settle = entry["prefix"], entry.get("settleSeconds", 60)
        instead = instead_of(prefix) if isinstance(prefix, str) else None
        if not isinstance(prefix, str) or instead or not _FOLDER.fullmatch(prefix) or _overlaps_reports(prefix):
            takes = f"a folder of at most 256 characters, like samples/, that has nothing to do with {REPORT_PREFIX}"
            takes = f'{takes}; without *, ?, $, <, >, " and \\'
            raise SettingsError(f"{place}.prefix", prefix, f"{takes}; {instead}" if instead else takes)
        if not isinstance(settle, int) or isinstance(settle, bool) or not 1 <= settle <= _MAX_SETTLE_S:
            takes = f"a whole number of seconds from 1 to {_MAX_SETTLE_S}"
            raise SettingsError(f"{place}.settleSeconds", settle, takes)
        images = entry["input"].get("images", {}) if isinstance(entry["input"], Mapping) else {}
        for name in ("bucket", "prefix"):
            if isinstance(images, Mapping) and name in images:
                raise InputRefused(f"{place}.input", f"images.{name}: leave it out; the trigger fills it in")
        _check_input(place, entry["input"])
        trigger = UploadTrigger(prefix=prefix, settle_seconds=settle, input=entry["input"])
        if trigger.fingerprint in {other.fingerprint for other in found}:
            raise SettingsError(place, dict(entry), "each combination of prefix and modelArn once")
        found.append(trigger)
    return tuple(found)


def check_rights(
    model_arns: Sequence[str],
    image_prefixes: Sequence[str],
    schedules: Sequence[Schedule],
    triggers: Sequence[UploadTrigger],
) -> None:
    """Raises SettingsError when the roles would not let a run do what its input says."""
    inputs = [(f"schedules[{index}].input", entry.input) for index, entry in enumerate(schedules)]
    inputs += [(f"uploadTriggers[{index}].input", entry.run_input) for index, entry in enumerate(triggers)]
    for place, raw in inputs:
        parsed = parse_input(raw)
        if model_arns and parsed.model_arn not in model_arns:
            takes = f"one of those in the context key modelArns, which are {', '.join(model_arns)}"
            raise InputRefused(place, f'modelArn: got "{parsed.model_arn}"; takes {takes}')
        prefix = parsed.images.prefix
        if parsed.images.bucket is None and not prefix.startswith(tuple(image_prefixes)):
            takes = f"one inside those of the context key imagePrefixes, which are {', '.join(image_prefixes)}"
            raise InputRefused(place, f'images.prefix: got "{prefix}"; takes {takes}')


def _check_input(place: str, raw: Any) -> None:
    """By the parser that a run starts with."""
    try:
        parse_input(raw)
    except InvalidInput as refused:
        raise InputRefused(f"{place}.input", refused.sentence) from None


def _entries(key: str, got: object, fields: set[str], *, required: set[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """The list's objects, each with its place, like `schedules[0]`."""
    takes = f"a list of objects (JSON), each with {', '.join(sorted(required))}"
    entries = got
    if isinstance(got, str):
        try:
            entries = json.loads(got)
        except ValueError:
            raise SettingsError(key, got, takes) from None
    if not isinstance(entries, list | tuple):
        raise SettingsError(key, got, takes)
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or not required <= set(entry) <= fields:
            more = ", ".join(sorted(fields - required))
            has = f"an object with {', '.join(sorted(required))}, and maybe {more}"
            raise SettingsError(f"{key}[{index}]", entry, has)
    return [(f"{key}[{index}]", entry) for index, entry in enumerate(entries)]


def _overlaps_reports(prefix: str) -> bool:
    return prefix.startswith(REPORT_PREFIX) or REPORT_PREFIX.startswith(prefix)
