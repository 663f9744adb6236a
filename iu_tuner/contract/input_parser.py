"""Parses an input with a pydantic model. Each wrong field becomes one sentence with its name and what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.input_errors import FieldDescriptions, field_path, sentence, unreadable_key, wrong_value

MAX_ERRORS_SHOWN = 3


class StrictInput(BaseModel):
    """An object of an input: its keys are in camel case, it has no other keys, and no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel, allow_inf_nan=False)


Parsed = TypeVar("Parsed", bound=StrictInput)


def parse_strictly(kind: type[Parsed], values: Any, field_descriptions: FieldDescriptions) -> Parsed:
    """The input as a value of `kind`. `field_descriptions` says what each field takes.

    Raises:
        InvalidInput: names the first wrong fields, what each got and what it takes.
    """
    if not isinstance(values, Mapping):
        raise InvalidInput(wrong_value("the input", values, 'an object with at least "modelArn"'))
    if unreadable := unreadable_key(values, field_descriptions):
        raise InvalidInput(unreadable)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        details = reversed(error.errors(include_url=False))
        sentences = [
            sentence(first, field_descriptions)
            for first in reversed({tuple(field_path(each)): each for each in details}.values())
        ]
        hidden_errors = len(sentences) - MAX_ERRORS_SHOWN
        raise InvalidInput(
            "; ".join(sentences[:MAX_ERRORS_SHOWN]) + (f"; and {hidden_errors} more" if hidden_errors > 0 else "")
        ) from error


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """What each field of an object takes, by its key in the input."""
    return {to_camel(name): str(field.description) for name, field in model.model_fields.items()}
