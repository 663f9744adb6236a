"""How the ARN of a model version is spelled, and where an execution input has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

MODEL_ARN = re.compile(
    r"arn:[a-z0-9-]+:rekognition:[a-z0-9-]+:[0-9]{12}"
    r":project/(?P<project>[a-zA-Z0-9_.\-]{1,255})/version/(?P<version>[a-zA-Z0-9_.\-]{1,255})/[0-9]+"
)


def model_arn_in(raw: Any) -> str | None:
    """The model that an execution input names, however wrong the rest of it is."""
    arn = raw.get("modelArn") if isinstance(raw, dict) else None
    return arn if isinstance(arn, str) and MODEL_ARN.fullmatch(arn) else None


@dataclass(frozen=True)
class ModelNames:
    """A model version by the names that people gave it."""

    project: str
    version: str


def names_in(model_arn: str | None) -> ModelNames | None:
    """The names in the ARN of a model version; None: it is none."""
    match = MODEL_ARN.fullmatch(model_arn or "")
    return ModelNames(match["project"], match["version"]) if match else None
