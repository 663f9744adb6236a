"""What is known of a model service without asking it: names, operations, metrics, and what its refusals mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ServiceNames:
    """What sentences call a service and its inference; the defaults serve a measurement that names no model."""

    name: str = "the service"
    operation: str = "inference"


UNNAMED = ServiceNames()


@dataclass(frozen=True, kw_only=True)
class ServiceFacts(ServiceNames):
    """One model service. Operations are spelled as in its API."""

    key: str  # in ARNs, IAM actions, Service Quotas, scheduler targets and the AWS CLI
    start: str  # the operation that starts a model
    stop: str
    model_parameters: Callable[[str], dict[str, str]]  # from a model's ARN to the parameters that name it in a call
    metric_namespace: str
    metric_operation: Mapping[str, str]  # dimensions of the account's inference requests
    metric_model: Callable[[str], dict[str, str]]  # from a model's ARN to its own dimensions
    units_quota_words: tuple[str, ...]  # in the quota's name, in lower case without blanks
    tps_quota_words: tuple[str, ...]
    image_refusals: frozenset[str]  # outcomes that are the image's fault
    not_about_images: Mapping[str, str]  # refusals that say nothing of an image if all get them, and what to do then

    @property
    def console(self) -> str:
        """Where people look at a model."""
        return f"the {self.name} console"

    def action(self, operation: str) -> str:
        """The IAM action of an operation."""
        return f"{self.key}:{operation}"

    def start_parameters(self, model_arn: str, least: int, most: int) -> dict[str, Any]:
        """Parameters of the call that starts the model; it auto-scales where `most` is above `least`."""
        scaling = {"MaxInferenceUnits": most} if most > least else {}
        return {**self.model_parameters(model_arn), "MinInferenceUnits": least, **scaling}

    def command(self, operation: str, parameters: Mapping[str, Any], region: str) -> list[str]:
        """The words of the AWS CLI's command for a call."""
        options = [word for name, value in parameters.items() for word in (f"--{_kebab(name)}", str(value))]
        return ["aws", self.key, _kebab(operation), "--region", region, *options]

    def scheduler_action(self, operation: str) -> str:
        """The end of a universal target's ARN in EventBridge Scheduler."""
        return f"{self.key}:{operation[0].lower()}{operation[1:]}"


def _kebab(name: str) -> str:
    """`StartModel` -> `start-model`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
