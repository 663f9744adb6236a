"""From a model's ARN to its service: one folder per service, named by its key. Only this module names services.

Facts are pure; a folder's modules, which talk to AWS, are loaded when they are first needed.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from lambdas.models.facts import ServiceFacts
from lambdas.models.ports import Detector, ModelControl, Usage
from lambdas.models.rekognition.facts import FACTS

_SERVICES = {facts.key: facts for facts in (FACTS,)}


def facts_of(model_arn: str) -> ServiceFacts:
    """The facts of the model's service. The ARN was checked at the door."""
    return _SERVICES[model_arn.split(":")[2]]


def console_of(model_arn: str | None) -> str:
    """Where people look at the model; without one, the consoles of all services."""
    return facts_of(model_arn).console if model_arn else " or ".join(each.console for each in _SERVICES.values())


def find_model(model_arn: str) -> ModelControl:
    """Look the model up. Raises ModelNotFound, AccessDenied."""
    found: ModelControl = _module(model_arn, "control_plane").find_model(model_arn)
    return found


def model_of(model_arn: str, handle: str) -> ModelControl:
    """A model that was found before, by the handle it had then."""
    model: ModelControl = _module(model_arn, "control_plane").model_of(model_arn, handle)
    return model


def detector_of(model_arn: str) -> Detector:
    """The model's inference."""
    detector: Detector = _module(model_arn, "data_plane").detector_of(model_arn)
    return detector


def usage_of(model_arn: str) -> Usage:
    """CloudWatch's counts of the requests to the model."""
    usage: Usage = _module(model_arn, "usage").usage_of(model_arn)
    return usage


def _module(model_arn: str, name: str) -> ModuleType:
    return import_module(f"lambdas.models.{facts_of(model_arn).key}.{name}")
