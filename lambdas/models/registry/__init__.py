"""The registry of model services: finds the service of a model's ARN. Only this module names services.

Each service has a folder. The facts are pure. The modules that call AWS are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from iu_tuner.contract.model_arn import service_key
from lambdas.models.facts import ServiceFacts
from lambdas.models.lookout_vision.facts import FACTS as LOOKOUT_VISION
from lambdas.models.ports import Detector, ModelControl, Usage
from lambdas.models.rekognition.facts import FACTS as REKOGNITION

_SERVICES = {facts.key: facts for facts in (REKOGNITION, LOOKOUT_VISION)}


def facts_of(model_arn: str) -> ServiceFacts:
    """The facts of the model's service. The ARN must be a valid one."""
    return _SERVICES[service_key(model_arn)]


def console_of(model_arn: str | None) -> str:
    """The console that shows the model, as a noun phrase. Without an ARN it names those of all services of AWS."""
    if model_arn:
        return facts_of(model_arn).console
    return " or ".join(facts.console for facts in _SERVICES.values() if not facts.end_date)


def require_service(model_arn: str) -> None:
    """Require that the model's service exists, without calling it. Raises ServiceEnded."""
    if facts_of(model_arn).end_date:
        _module(model_arn, "control_plane").model_endpoint()


def find_model(model_arn: str) -> ModelControl:
    """Find the model in its service. Raises ServiceEnded, ModelNotFound, AccessDenied."""
    model: ModelControl = _module(model_arn, "control_plane").find_model(model_arn)
    return model


def model_of(model_arn: str, handle: str) -> ModelControl:
    """The control plane of a model that `find_model` found before, by its handle."""
    model: ModelControl = _module(model_arn, "control_plane").model_of(model_arn, handle)
    return model


def detector_of(model_arn: str) -> Detector:
    """The data plane of the model."""
    detector: Detector = _module(model_arn, "data_plane").detector_of(model_arn)
    return detector


def usage_of(model_arn: str) -> Usage:
    """CloudWatch's counts of requests to the model."""
    usage: Usage = _module(model_arn, "usage").usage_of(model_arn)
    return usage


def _module(model_arn: str, name: str) -> ModuleType:
    return import_module(f"lambdas.models.{facts_of(model_arn).folder}.{name}")
