"""How a value of the CDK context is read: a string from `-c key=value`, a JSON type from cdk.json.

`Scalar` and `Listed` read the string; the patterns are those of AWS's names. What a field takes is its description.
"""

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError


class SettingsError(ValueError):
    """A context key has a value it cannot take; nothing was synthesized."""

    def __init__(self, key: str, got: object, takes: str) -> None:
        super().__init__(f"context key '{key}' is {got!r}; it takes {takes}")


class InputRefused(SettingsError):
    """A run would refuse the input of a schedule or a trigger, and says why."""

    def __init__(self, place: str, sentence: str) -> None:
        ValueError.__init__(self, f"context key '{place}': {sentence}")


class FromContext(BaseModel):
    """Fields are in camel case in the context; a field's description says what it takes."""

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
    """A number, a truth value or a list of objects; what is no JSON stays as it is, to be refused."""
    try:
        return json.loads(got) if isinstance(got, str) else got
    except ValueError:
        return got


def _listed(got: object) -> object:
    """A list, as JSON or separated by commas."""
    if isinstance(got, str):
        got = _from_json(got) if got.lstrip().startswith("[") else [part.strip() for part in got.split(",")]
    return tuple(got) if isinstance(got, list) else got


def _bucket(got: object) -> object:
    """`name` or `name/prefix/` as (name, prefix).

    Raises:
        PydanticCustomError: it is neither.
    """
    found = _BUCKET.fullmatch(got) if isinstance(got, str) else None
    if found is None:
        raise PydanticCustomError("bucket", "not a bucket")
    return found[1], found[2] or ""


def _whole(pattern: str, flags: int = re.ASCII) -> StringConstraints:
    return StringConstraints(pattern=re.compile(rf"\A(?:{pattern})\Z", flags))


# `*`, `?` and `$` mean something in a policy: a prefix that holds one would allow more than it says.
_FOLDER = r"[^/*?$\s][^*?$\\]*/"
_BUCKET = re.compile(rf"([a-z0-9][a-z0-9.-]{{1,61}}[a-z0-9])(?:/({_FOLDER})?)?")
_ID = "([0-9a-f]{8}|[0-9a-f]{17})"

Flag = Annotated[bool, BeforeValidator(lambda got: _from_json(got.lower() if isinstance(got, str) else got))]
Whole = Annotated[int, BeforeValidator(_from_json)]
Amount = Annotated[float, BeforeValidator(_from_json)]
Listed = BeforeValidator(_listed)
Objects = BeforeValidator(lambda got: _listed(_from_json(got)) if str(got).lstrip().startswith("[") else got)

ModelVersionArn = Annotated[
    str, _whole(r"arn:aws[a-z-]*:rekognition:[a-z0-9-]+:\d{12}:project/[\w.-]+/version/[\w.-]+/\d+")
]
PolicyArn = Annotated[str, _whole(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+")]
KeyArn = Annotated[str, _whole(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+")]
LayerArn = Annotated[str, _whole(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[\w-]+:\d+")]
Email = Annotated[str, _whole(r"[\w.+'-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)]
Url = Annotated[str, _whole(r"https?://(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE)]
Folder = Annotated[str, _whole(_FOLDER, 0)]
# SSM keeps names that begin with aws or ssm to itself; 200 characters and 11 levels leave room for its own limits.
ParameterPath = Annotated[str, _whole(r"(?=.{1,200}\Z)/(?!aws|ssm)([\w.-]+/){1,11}", re.ASCII | re.IGNORECASE)]
BucketFolder = Annotated[tuple[str, str], BeforeValidator(_bucket)]
VpcId = Annotated[str, _whole(f"vpc-{_ID}")]
SubnetId = Annotated[str, _whole(f"subnet-{_ID}")]
SecurityGroupId = Annotated[str, _whole(f"sg-{_ID}")]


def refusal(detail: ErrorDetails, context: dict[str, Any], takes: dict[str, str]) -> SettingsError:
    """Pydantic's finding as a sentence; `takes` has the description of each field by its name in the context."""
    reason = detail.get("ctx", {})
    if isinstance(error := reason.get("error"), SettingsError):
        return error
    key, *inside = [str(part) for part in detail["loc"]]
    names = [part for part in inside if not part.isdigit()]
    # An item of a plain list is named by its list; an object in a list by its place.
    shown = inside if names or detail["type"] == "model_type" else []
    place = key + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in shown)
    if error is not None:
        return InputRefused(place, str(error))
    got = None if detail["type"] == "missing" else detail["input"] if inside else context[key]
    what = takes.get([key, *names][-1], f"nothing; {key} takes {takes[key]}")
    return SettingsError(place, got, what + reason.get("more", ""))
