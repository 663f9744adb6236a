"""What the stack tells its functions, read from the environment in one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from iu_tuner.contract import names


@dataclass(frozen=True)
class FunctionSettings:
    """A function's deploy-time settings; one that it has no business with is absent and raises KeyError."""

    environment: Mapping[str, str]

    @property
    def region(self) -> str:
        """The Region that function, model and bucket share."""
        return self._required("AWS_REGION")

    @property
    def runs_table(self) -> str:
        """Name of the runs table."""
        return self._required(names.RUNS_TABLE)

    @property
    def image_bucket(self) -> str:
        """Name of the bucket of images and reports."""
        return self._required(names.IMAGE_BUCKET)

    @property
    def usd_per_unit_hour(self) -> float:
        """Price of an inference unit for an hour."""
        return float(self._required(names.PRICE_PER_UNIT_HOUR_USD))

    @property
    def answer_parameter_prefix(self) -> str | None:
        """Where in SSM answers are written; None: nowhere."""
        return self.environment.get(names.ANSWER_PARAMETER_PREFIX)

    @property
    def queue_url(self) -> str:
        """The queue that feeds this function."""
        return self._required(names.QUEUE_URL)

    @property
    def state_machine_arn(self) -> str:
        """The machine whose executions are the runs."""
        return self._required(names.STATE_MACHINE_ARN)

    @property
    def topic_arn(self) -> str:
        """Where people are told of runs that are over."""
        return self._required(names.TOPIC_ARN)

    @property
    def model_poll_s(self) -> int:
        """Seconds between two looks at a model that starts or stops."""
        return int(self._required(names.MODEL_POLL_SECONDS))

    def _required(self, name: str) -> str:
        if not self.environment.get(name):
            raise KeyError(f"the function's environment has no {name}; the stack sets it")
        return self.environment[name]


@cache
def settings() -> FunctionSettings:
    """This function's settings."""
    return FunctionSettings(os.environ)
