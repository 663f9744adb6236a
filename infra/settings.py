"""Every deploy-time knob, read from the CDK context once, typed and checked."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

_MODEL_VERSION_ARN = re.compile(
    r"arn:aws[a-z-]*:rekognition:[a-z0-9-]+:\d{12}:project/[\w.-]+/version/[\w.-]+/\d+", re.ASCII
)
# Keys of features that are still to come. A deployment that asks for one must not look as if it had got it.
_NOT_YET = ("schedules", "uploadTriggers", "notifyEmail")


class SettingsError(ValueError):
    """A context key has a value it cannot take; nothing was synthesized."""

    def __init__(self, key: str, got: object, takes: str) -> None:
        super().__init__(f"context key '{key}' is {got!r}; it takes {takes}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this deployment differs from the default one (README, 'Deploy')."""

    model_arns: tuple[str, ...] = ()
    """Model version ARNs the roles may touch; empty: any model of the account and Region."""
    rekognition_endpoint_url: str | None = None
    """Where the Lambdas find Rekognition; None: AWS's own endpoint."""
    model_poll_seconds: int = 30
    """Pause between two looks at a model that starts or stops."""
    local: bool = False
    """Deploy for the embedded AWS: this Python as the Lambda runtime, no layer."""
    price_per_inference_unit_hour_usd: float = 4.0

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read the settings; values are strings from `-c key=value`, JSON types from cdk.json.

        Raises SettingsError, which names the key, what it got and what it takes.
        """
        for key in _NOT_YET:
            if context.get(key) not in (None, [], "[]"):
                raise SettingsError(key, context[key], "nothing: it is not supported yet")
        read: dict[str, tuple[str, Callable[[str, object], Any]]] = {
            "model_arns": ("modelArns", _model_arns),
            "rekognition_endpoint_url": ("rekognitionEndpointUrl", _url),
            "model_poll_seconds": ("modelPollSeconds", _poll_seconds),
            "local": ("local", _flag),
            "price_per_inference_unit_hour_usd": ("pricePerInferenceUnitHourUsd", _price),
        }
        given = {
            field: parse(key, context[key])
            for field, (key, parse) in read.items()
            if context.get(key) is not None
        }
        return cls(**given)


def _model_arns(key: str, got: object) -> tuple[str, ...]:
    takes = (
        "a list of model version ARNs, like "
        "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.v1/1615476219000"
        " (JSON, or separated by commas)"
    )
    arns = got
    if isinstance(got, str):
        try:
            arns = (
                json.loads(got) if got.lstrip().startswith("[") else [part.strip() for part in got.split(",")]
            )
        except ValueError:
            raise SettingsError(key, got, takes) from None
    if not isinstance(arns, list | tuple):
        raise SettingsError(key, got, takes)
    for arn in arns:
        if not isinstance(arn, str) or not _MODEL_VERSION_ARN.fullmatch(arn):
            raise SettingsError(key, arn, takes)
    return tuple(arns)


def _url(key: str, got: object) -> str:
    # An empty string is refused, too: an unset shell variable would silently mean the real Rekognition.
    parts = urlsplit(got) if isinstance(got, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            key, got, "a URL, like https://vpce-0123.rekognition.us-east-1.vpce.amazonaws.com"
        )
    return str(got)


def _poll_seconds(key: str, got: object) -> int:
    if isinstance(got, bool) or not re.fullmatch(r"\d{1,3}", str(got)) or not 1 <= int(str(got)) <= 300:
        raise SettingsError(key, got, "a whole number of seconds from 1 to 300")
    return int(str(got))


def _flag(key: str, got: object) -> bool:
    flag = {"true": True, "false": False}.get(str(got).lower())
    if flag is None:
        raise SettingsError(key, got, "true or false")
    return flag


def _price(key: str, got: object) -> float:
    if isinstance(got, bool) or not re.fullmatch(r"\d+(\.\d+)?", str(got), re.ASCII) or float(str(got)) <= 0:
        raise SettingsError(key, got, "a price in USD above 0, like 4.0")
    return float(str(got))
