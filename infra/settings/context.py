"""Reads values of the CDK context: a string from `-c key=value`, a JSON type from cdk.json.

`Flag`, `Whole`, `Amount`, `Listed` and `Objects` also parse strings; the patterns are those of AWS's names.
"""

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from iu_tuner.contract.model_arn import PATTERN


class SettingsError(ValueError):
    """A context key has an invalid value; nothing was synthesized."""

    def __init__(self, key: str, got: object, takes: str) -> None:
        super().__init__(f"context key '{key}' is {got!r}; it takes {takes}")


class InputRefused(SettingsError):
    """The input of a schedule or a trigger is one that a run would refuse; the message says why."""

    def __init__(self, place: str, sentence: str) -> None:
        ValueError.__init__(self, f"context key '{place}': {sentence}")


class FromContext(BaseModel):
    """Values from the context, where their names are in camel case; a field's description says what it takes."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


def _from_json(got: object) -> object:
    """The value of a JSON string. Returns a string that is not JSON unchanged; the field's type then refuses it."""
    try:
        return json.loads(got) if isinstance(got, str) else got
    except ValueError:
        return got


def _listed(got: object) -> object:
    """A list from JSON or from a string separated by commas."""
    if isinstance(got, str):
        got = _from_json(got) if got.lstrip().startswith("[") else [part.strip() for part in got.split(",")]
    return tuple(got) if isinstance(got, list) else got


def _bucket(got: object) -> object:
    """`name` or `name/prefix/` as (name, prefix).

    Raises:
        PydanticCustomError: the value has neither form.
    """
    found = _BUCKET.fullmatch(got) if isinstance(got, str) else None
    if found is None:
        raise PydanticCustomError("bucket", "not a bucket")
    return found[1], found[2] or ""


def _whole(pattern: str, flags: int = re.ASCII) -> StringConstraints:
    return StringConstraints(pattern=re.compile(rf"\A(?:{pattern})\Z", flags))


# `*`, `?` and `$` are special in a policy: a prefix with one of them would allow more than it seems to.
_FOLDER = r"[^/*?$\s][^*?$\\]*/"
_BUCKET = re.compile(rf"([a-z0-9][a-z0-9.-]{{1,61}}[a-z0-9])(?:/({_FOLDER})?)?")
_ID = "([0-9a-f]{8}|[0-9a-f]{17})"

Flag = Annotated[bool, BeforeValidator(lambda got: _from_json(got.lower() if isinstance(got, str) else got))]
Whole = Annotated[int, BeforeValidator(_from_json)]
Amount = Annotated[float, BeforeValidator(_from_json)]
Listed = BeforeValidator(_listed)
Objects = BeforeValidator(lambda got: _listed(_from_json(got)) if str(got).lstrip().startswith("[") else got)

ModelVersionArn = Annotated[str, _whole(PATTERN.removeprefix("^").removesuffix("$"))]
PolicyArn = Annotated[str, _whole(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+")]
KeyArn = Annotated[str, _whole(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+")]
LayerArn = Annotated[str, _whole(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[\w-]+:\d+")]
Email = Annotated[str, _whole(r"[\w.+'-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)]
Url = Annotated[str, _whole(r"https?://(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE)]
Folder = Annotated[str, _whole(_FOLDER, 0)]
# SSM reserves names that begin with aws or ssm. 200 characters and 11 levels leave room for its limits on a name.
ParameterPath = Annotated[str, _whole(r"(?=.{1,200}\Z)/(?!aws|ssm)([\w.-]+/){1,11}", re.ASCII | re.IGNORECASE)]
BucketFolder = Annotated[tuple[str, str], BeforeValidator(_bucket)]
VpcId = Annotated[str, _whole(f"vpc-{_ID}")]
SubnetId = Annotated[str, _whole(f"subnet-{_ID}")]
SecurityGroupId = Annotated[str, _whole(f"sg-{_ID}")]


def refusal(detail: ErrorDetails, context: dict[str, Any], takes: dict[str, str]) -> SettingsError:
    """An error of pydantic as a sentence; `takes` maps each field's name in the context to its description."""
    reason = detail.get("ctx", {})
    if isinstance(error := reason.get("error"), SettingsError):
        return error
    key, *inside = [str(part) for part in detail["loc"]]
    names = [part for part in inside if not part.isdigit()]
    # An error in an item of a plain list names the list; one in an object names its place in the list.
    shown = inside if names or error is not None or detail["type"] == "model_type" else []
    place = key + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in shown)
    if error is not None:
        return InputRefused(place, str(error))
    got = None if detail["type"] == "missing" else detail["input"] if inside else context[key]
    what = takes.get([key, *names][-1], f"nothing; {key} takes {takes[key]}")
    return SettingsError(place, got, what + reason.get("more", ""))
