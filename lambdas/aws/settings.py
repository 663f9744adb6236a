"""The settings that the stack gives its functions. Only this module reads them from the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from iu_tuner.contract import names


@dataclass(frozen=True)
class FunctionSettings:
    """A function's deploy-time settings. A setting that the function does not have raises KeyError."""

    environment: Mapping[str, str]

    @property
    def region(self) -> str:
        """The Region of the function, the model and the bucket."""
        return self._required("AWS_REGION")

    @property
    def runs_table(self) -> str:
        """The name of the runs table."""
        return self._required(names.RUNS_TABLE)

    @property
    def image_bucket(self) -> str:
        """The name of the bucket for images and reports."""
        return self._required(names.IMAGE_BUCKET)

    @property
    def usd_per_unit_hour(self) -> float:
        """The price in USD of an inference unit for an hour."""
        return float(self._required(names.PRICE_PER_UNIT_HOUR_USD))

    @property
    def answer_parameter_prefix(self) -> str | None:
        """The prefix of the SSM parameters with answers. Returns None if no answers are written there."""
        return self.environment.get(names.ANSWER_PARAMETER_PREFIX)

    @property
    def queue_url(self) -> str:
        """The URL of the SQS queue that invokes this function."""
        return self._required(names.QUEUE_URL)

    @property
    def state_machine_arn(self) -> str:
        """The state machine whose executions are the runs."""
        return self._required(names.STATE_MACHINE_ARN)

    @property
    def state_machine_arns(self) -> list[str]:
        """All state machines whose executions are runs."""
        return self._required(names.STATE_MACHINE_ARNS).split()

    @property
    def topic_arn(self) -> str:
        """The SNS topic for notifications about finished runs."""
        return self._required(names.TOPIC_ARN)

    @property
    def model_poll_s(self) -> int:
        """Seconds between two status checks of a model that starts or stops."""
        return int(self._required(names.MODEL_POLL_SECONDS))

    def endpoint_url(self, service: str) -> str | None:
        """The endpoint of an AWS service, by the SDK's variable for it. Returns None if the stack sets none."""
        return self.environment.get(f"AWS_ENDPOINT_URL_{service.upper()}") or None

    @property
    def inference_entry(self) -> str:
        """The entry of the context key `inference` whose uploads this function analyses, as JSON."""
        return self._required(names.INFERENCE_ENTRY)

    @property
    def dead_letters_url(self) -> str:
        """The URL of the queue for uploads that can't be analysed."""
        return self._required(names.DEAD_LETTERS_URL)

    @property
    def served_models(self) -> list[str]:
        """The ARNs of the models that analyse uploads."""
        model_arns: list[str] = json.loads(self.environment.get(names.SERVED_MODELS, "[]"))
        return model_arns

    def _required(self, name: str) -> str:
        if not self.environment.get(name):
            raise KeyError(f"the function's environment has no {name}; the stack sets it")
        return self.environment[name]


@cache
def settings() -> FunctionSettings:
    """This function's settings."""
    return FunctionSettings(os.environ)
