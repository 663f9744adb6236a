"""The input of the machine that runs a model for uploads: `Gatekeeper` gives it, from an entry of `inference`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from iu_tuner.contract import model_arn as model_arns
from iu_tuner.contract.input_parser import StrictInput, descriptions, parse_strictly
from iu_tuner.contract.uploads.entry import MAX_MINUTES, VALID_UNITS, ServeLimits, Units


class QueueInput(StrictInput):
    """A queue of the model's uploads"""

    url: str = Field(min_length=1, max_length=2048, description="the URL of the queue")
    arn: str = Field(min_length=1, max_length=2048, description="the ARN of the queue")


class ServeInput(StrictInput):
    """The input of a run that starts a model for uploads"""

    task: Literal["serve"] = Field(default="serve", description='"serve"')
    model_arn: str = Field(max_length=2048, pattern=model_arns.PATTERN, description=model_arns.VALID_ARN)
    prefix: str = Field(max_length=256, description="the prefix of the uploads that the model is started for")
    queues: tuple[QueueInput, ...] = Field(
        min_length=1, strict=False, description="a list of the model's queues, each an object with url, arn"
    )
    idle_stop_minutes: float = Field(
        default=10, ge=0.1, le=MAX_MINUTES, description=f"minutes from 0.1 to {MAX_MINUTES}"
    )
    units: Units = Field(default="recommended", description=VALID_UNITS)
    limits: ServeLimits = Field(default=ServeLimits(), description="an object with maxMinutes, maxCostUsd")


def parse_serve_input(values: Any) -> ServeInput:
    """The input with its defaults.

    Raises:
        InvalidInput: names each wrong field, what it got and what it takes.
    """
    return parse_strictly(ServeInput, values, _FIELDS)


_FIELDS = {
    "": descriptions(ServeInput),
    "queues": descriptions(QueueInput),
    "limits": descriptions(ServeLimits),
    "units.word": {},
    "units.number": {},
}
