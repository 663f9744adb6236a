"""The facts about a model service: its names, operations, metrics, and the meaning of its errors. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.model_arn import ModelArn


@dataclass(frozen=True)
class ServiceNames:
    """The names of a service and its inference in sentences. The defaults are for measurements without a model."""

    name: str = "the service"
    operation: str = "inference"


UNNAMED_SERVICE = ServiceNames()


@dataclass(frozen=True, kw_only=True)
class ServiceFacts(ServiceNames):
    """The facts about one model service. Operations are spelled as in its API."""

    key: str  # in ARNs, IAM actions, Service Quotas, scheduler targets and the AWS CLI
    folder: str  # of its modules, beside this one
    start: str  # the operation that starts a model
    stop: str  # the operation that stops it
    model_parameters: Callable[[str], dict[str, str]]  # maps a model's ARN to the parameters that name it in a call
    metric_namespace: str  # in CloudWatch
    final_refusals: frozenset[str]  # errors of a start that a retry would get again
    start_limits: str  # what limits starts, as a clause
    metric_counts: tuple[str, ...]  # metrics of requests: successful ones, throttled ones, failed ones
    metric_operation: Mapping[str, str]  # dimensions of the account's requests; empty if it has no such metric
    metric_model: Callable[[str], dict[str, str]]  # maps a model's ARN to its own metric dimensions
    units_quota_words: tuple[str, ...]  # words in the quota's name, in lower case without blanks
    tps_quota_words: tuple[str, ...]  # the same for the quota of requests per second; empty if it has none
    throttle: str  # the error by which a model says that its inference units are full
    image_refusals: frozenset[str]  # outcomes that the image causes
    lagging_refusals: frozenset[
        str
    ]  # those that may pass: S3 may show a new object to the service later than to others
    not_about_images: Mapping[str, str]  # outcome -> what to do, if all images have it: then no image is the cause
    end_date: str = ""  # the day on which AWS ended the service (ISO 8601)

    @property
    def notice(self) -> str:
        """What a report says of a service that has ended, before it says more. Empty for other services."""
        return f"{self.name} (ended {self.end_date}), simulated. " if self.end_date else ""

    @property
    def console(self) -> str:
        """The console that shows a model, as a noun phrase."""
        return f"the {self.name} console"

    def action(self, operation: str) -> str:
        """The IAM action of an operation."""
        return f"{self.key}:{operation}"

    def start_parameters(self, model_arn: str, min_units: int, max_units: int) -> dict[str, Any]:
        """Parameters of the call that starts the model. It auto-scales if `max_units` > `min_units`."""
        scaling = {"MaxInferenceUnits": max_units} if max_units > min_units else {}
        return {**self.model_parameters(model_arn), "MinInferenceUnits": min_units, **scaling}

    def command(self, operation: str, parameters: Mapping[str, Any], region: str) -> list[str]:
        """The AWS CLI command for a call, as a list of words."""
        options = [word for name, value in parameters.items() for word in (f"--{_kebab(name)}", str(value))]
        return ["aws", self.key, _kebab(operation), "--region", region, *options]

    def start_command(self, model_arn: str, min_units: int, max_units: int) -> str:
        """The AWS CLI command that starts the model, as a line for a shell."""
        parameters = self.start_parameters(model_arn, min_units, max_units)
        return shlex.join(self.command(self.start, parameters, ModelArn.of(model_arn).region))

    def scheduler_action(self, operation: str) -> str:
        """The last part of a universal target's ARN in EventBridge Scheduler, such as `service:operation`."""
        return f"{self.key}:{operation[0].lower()}{operation[1:]}"


def _kebab(name: str) -> str:
    """Convert a name from camel case to kebab case: `StartModel` -> `start-model`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
