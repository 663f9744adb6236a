"""Kinds of services for the benchmark; a seed makes one service of a kind: a model behind an unknown limiter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from local.simulated_model.model_spec import ModelTruth
from simulation.unsteady import Around, UnsteadyService

Group = Literal[
    "limiter",
    "pool",
    "slow start",
    "step",
    "two limiters",
    "pauses",
    "small pool",
    "other client",
    "errors",
    "costly refusals",
    "crowding",
    "quota",
    "drift",
]
Varied = Callable[[ModelTruth, Random], tuple[ModelTruth, Around]]
IMAGES = 12
STANDS_STILL = frozenset(
    {"limiter", "pool", "two limiters", "small pool", "errors", "costly refusals", "crowding", "quota"}
)  # groups whose truth does not change during a test


@dataclass(frozen=True)
class Service:
    """A kind of service. Its truth is the long-run rate of a client or, after a step or a slow start, the rate at
    the end."""

    name: str
    group: Group
    about: str
    truth: dict[str, Any] = field(repr=False)
    varied: Varied | None = field(default=None, repr=False)

    def model_truth(self, seed: int) -> ModelTruth:
        """The limiter of this seed; its capacity differs from the kind's by up to 15 %."""
        return self._of(seed)[0]

    def simulated(self, seed: int) -> UnsteadyService:
        """A new service of this seed, before its first request."""
        return UnsteadyService(*self._of(seed))

    def true_tps(self, seed: int, ended_s: float) -> float:
        """The TPS that a search which ended at `ended_s` should find; for a drifting capacity, the mean until then."""
        truth, around = self._of(seed)
        costs = self.image_costs(seed)
        return around.true_tps(truth, sum(costs) / len(costs), ended_s) * truth.mean_speed(0.0, ended_s)

    def image_costs(self, seed: int) -> list[float]:
        """The cost factor of each image of the test set."""
        truth = self.model_truth(seed)
        contents = (f"{self.name}/{seed}/{image}".encode() for image in range(IMAGES))
        return [truth.image_cost(hashlib.sha256(content).digest()) for content in contents]

    @property
    def is_fast_limiter(self) -> bool:
        """Whether this is a rate limiter of at least 5 TPS, for which the promised accuracy is highest."""
        return self.group == "limiter" and self.truth["tps_per_iu"] >= 5

    def _of(self, seed: int) -> tuple[ModelTruth, Around]:
        factor = Random(f"{self.name}/{seed}").uniform(0.85, 1.15)
        truth = ModelTruth(**{**self.truth, "tps_per_iu": self.truth["tps_per_iu"] * factor, "seed": seed})
        if self.varied is None:
            return truth, Around()
        return self.varied(truth, Random(f"{self.name}/{seed}/varied"))
