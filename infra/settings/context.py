"""How one value of the CDK context is read: a string from `-c key=value`, a JSON type from cdk.json.

Every parser takes the key and what it got, and raises SettingsError, which names both and what the key takes.
"""

import json
import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
Parser = Callable[[str, object], T]

_MODEL_VERSION_ARN = re.compile(
    r"arn:aws[a-z-]*:rekognition:[a-z0-9-]+:\d{12}:project/[\w.-]+/version/[\w.-]+/\d+", re.ASCII
)
_POLICY_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+", re.ASCII)
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+", re.ASCII)
_LAYER_ARN = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[\w-]+:\d+", re.ASCII)
_EMAIL = re.compile(r"[\w.+'-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
# `*`, `?` and `$` mean something in a policy: a prefix that holds one would allow more than it says.
_PREFIX = re.compile(r"[^/*?$\s][^*?$\\]*/")

_PARAMETER_PREFIX = re.compile(r"/(?!aws|ssm)([\w.-]+/)+", re.ASCII | re.IGNORECASE)


class SettingsError(ValueError):
    """A context key has a value it cannot take; nothing was synthesized."""

    def __init__(self, key: str, got: object, takes: str) -> None:
        super().__init__(f"context key '{key}' is {got!r}; it takes {takes}")


def model_arns(key: str, got: object) -> tuple[str, ...]:
    """Model version ARNs."""
    takes = (
        "a list of model version ARNs, like "
        "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.v1/1615476219000"
        " (JSON, or separated by commas)"
    )
    return _listed(key, got, takes, _MODEL_VERSION_ARN)


def prefixes(key: str, got: object) -> tuple[str, ...]:
    """Folders of the image bucket; at least one, as none would mean every folder."""
    takes = "a list of prefixes that end in '/', without *, ? and $, like samples/ (JSON, or separated by commas)"
    return _not_empty(key, _listed(key, got, takes, _PREFIX), got, takes)


def buckets(key: str, got: object) -> tuple[tuple[str, str], ...]:
    """(name, prefix) of each bucket; the prefix may be empty."""
    takes = "a list of bucket names, each with or without a prefix, like my-images or my-images/samples/"
    found = []
    for entry in _items(key, got, takes):
        name, _, prefix = entry.partition("/")
        if not _BUCKET.fullmatch(name) or (prefix and not _PREFIX.fullmatch(prefix)):
            raise SettingsError(key, entry, takes)
        found.append((name, prefix))
    return tuple(found)


def url(key: str, got: object) -> str:
    """An http(s) URL; an empty one is refused, as an unset shell variable would mean the real service."""
    try:
        parts = urlsplit(got) if isinstance(got, str) else None
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(key, got, "a URL, like https://vpce-0123.rekognition.us-east-1.vpce.amazonaws.com")
    return str(got)


def poll_seconds(key: str, got: object) -> int:
    """1 to 300 s."""
    if isinstance(got, bool) or not re.fullmatch("[0-9]{1,3}", str(got)) or not 1 <= int(str(got)) <= 300:
        raise SettingsError(key, got, "a whole number of seconds from 1 to 300")
    return int(str(got))


def flag(key: str, got: object) -> bool:
    """true or false."""
    value = {"true": True, "false": False}.get(str(got).lower())
    if value is None:
        raise SettingsError(key, got, "true or false")
    return value


def price(key: str, got: object) -> float:
    """USD above 0."""
    if isinstance(got, bool) or not re.fullmatch(r"\d+(\.\d+)?", str(got), re.ASCII) or float(str(got)) <= 0:
        raise SettingsError(key, got, "a price in USD above 0, like 4.0")
    return float(str(got))


def parameter_prefix(key: str, got: object) -> str:
    """The path of SSM parameters, from slash to slash; SSM keeps names that begin with aws or ssm to itself."""
    takes = (
        "a path of letters, digits, _, . and - that begins and ends in '/', and not with /aws or /ssm,"
        " like /inference-units/"
    )
    prefix = _matching(key, got, _PARAMETER_PREFIX, takes)
    if len(prefix) > 200 or prefix.count("/") > 12:
        raise SettingsError(key, got, "a path of at most 200 characters and 11 levels")
    return prefix


def policy_arn(key: str, got: object) -> str:
    """The ARN of a managed policy."""
    return _matching(
        key, got, _POLICY_ARN, "the ARN of a managed policy, like arn:aws:iam::123456789012:policy/boundary"
    )


def key_arn(key: str, got: object) -> str:
    """The ARN of a KMS key; an alias would not do in a policy."""
    takes = "the ARN of a KMS key (not of an alias), like arn:aws:kms:us-east-1:123456789012:key/<its id>"
    return _matching(key, got, _KEY_ARN, takes)


def layer_arn(key: str, got: object) -> str:
    """The ARN of one version of a Lambda layer."""
    takes = (
        "the ARN of a layer's version (Powertools with pydantic, for Python 3.13 on arm64), like "
        "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-arm64:27"
    )
    return _matching(key, got, _LAYER_ARN, takes)


def email(key: str, got: object) -> str:
    """One e-mail address."""
    return _matching(key, got, _EMAIL, "one e-mail address, like me@example.com")


def network_id(kind: str) -> Parser[str]:
    """The id of one thing of a network, like vpc-0123456789abcdef0."""
    pattern, takes = _network_id(kind), f"an id like {kind}-0123456789abcdef0"
    return lambda key, got: _matching(key, got, pattern, takes)


def network_ids(kind: str) -> Parser[tuple[str, ...]]:
    """At least one id of this kind."""
    pattern = _network_id(kind)
    takes = f"a list of ids like {kind}-0123456789abcdef0 (JSON, or separated by commas)"
    return lambda key, got: _not_empty(key, _listed(key, got, takes, pattern), got, takes)


def _network_id(kind: str) -> re.Pattern[str]:
    return re.compile(rf"{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})")


def _matching(key: str, got: object, pattern: re.Pattern[str], takes: str) -> str:
    if not isinstance(got, str) or not pattern.fullmatch(got):
        raise SettingsError(key, got, takes)
    return got


def _listed(key: str, got: object, takes: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(_matching(key, item, pattern, takes) for item in _items(key, got, takes))


def _items(key: str, got: object, takes: str) -> list[str]:
    items = got
    if isinstance(got, str):
        try:
            items = json.loads(got) if got.lstrip().startswith("[") else [part.strip() for part in got.split(",")]
        except ValueError:
            raise SettingsError(key, got, takes) from None
    if not isinstance(items, list | tuple):
        raise SettingsError(key, got, takes)
    for item in items:
        if not isinstance(item, str):
            raise SettingsError(key, item, takes)
    return list(items)


def _not_empty(key: str, found: tuple[str, ...], got: object, takes: str) -> tuple[str, ...]:
    if not found:
        raise SettingsError(key, got, takes)
    return found
