"""A row of the matrix: what is broken, and what has to come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.model_spec import ModelTruth

TPS = 5.0
IMAGES, IMAGES_PREFIX = 60, "incoming/"
BATCH_TPS = 20.0
_QUICK: Mapping[str, Any] = {"mode": "quick"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """`settled_by`: whose receipt it may be; None: there is none, the run had not looked at its model yet.

    `ends` is the model's status in the end, `units` its inference units where that is RUNNING.
    """

    name: str
    section: str
    what: str
    status: str = "SUCCEEDED"
    error: str | None = None
    settled_by: tuple[str | None, ...] = ("finally",)
    ends: str = "STOPPED"
    units: int = 1
    truth: Mapping[str, Any] = field(default_factory=dict)
    found: str = "STOPPED"
    test: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    abort_after_s: float | None = None
    service: str = "rekognition"

    @property
    def model(self) -> ModelSetup:
        """The row's own simulated model."""
        truth = ModelTruth(**{"tps_per_iu": TPS, "start_s": 1.0, "stop_s": 0.5, **self.truth})
        units = 1 if self.found == "RUNNING" else None
        return ModelSetup(
            truth=truth, project=self.name, status=self.found, inference_units=units, service=self.service
        )

    def input(self, model_arn: str) -> dict[str, Any]:
        """The execution's."""
        return {"modelArn": model_arn, "test": {**_QUICK, **self.test}, **self.more}

    @property
    def only_by_janitor(self) -> bool:
        """The two other layers are off, or have failed."""
        return self.settled_by == ("janitor",)


@dataclass(frozen=True, kw_only=True)
class BatchRow(Row):
    """A row of the machine that processes batches. All rows process the same images, each into files of its own.

    `failed` images have no result in the end. With `is_resumed` a second execution goes on where the first one ended.
    """

    failed: int = 0
    is_resumed: bool = False

    @property
    def model(self) -> ModelSetup:
        """The row's own simulated model, which refuses the last `failed` images."""
        truth = ModelTruth(
            **{"tps_per_iu": BATCH_TPS, "latency_mean_s": 0.05, "start_s": 1.0, "stop_s": 2.0, **self.truth}
        )
        units = 1 if self.found == "RUNNING" else None
        poison = tuple({"key": key} for key in image_keys()[IMAGES - self.failed :])
        return ModelSetup(
            truth=truth, answers=AnswerSetup(poison=poison), project=self.name, status=self.found, inference_units=units
        )

    @property
    def results(self) -> str:
        """The prefix of the row's results."""
        return f"results/{self.name}/"

    def input(self, model_arn: str) -> dict[str, Any]:
        """The execution's."""
        results = {"prefix": self.results, **self.more.get("results", {})}
        more = {**self.more, "results": results}
        return {"task": "process", "modelArn": model_arn, "images": {"prefix": IMAGES_PREFIX}, "tps": BATCH_TPS, **more}


def image_keys() -> list[str]:
    """The keys of the images of all batches."""
    return [f"{IMAGES_PREFIX}{number:03}.jpg" for number in range(IMAGES)]
