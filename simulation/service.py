"""A kind of service, and the one of it that a seed makes: what a model behind an unknown limiter may look like."""

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
)  # groups of which the truth is the same from the first second to the last


@dataclass(frozen=True)
class Service:
    """A kind of service. Its truth is what a client may have in the long run; after a step or a slow start,
    what the service carries at the end."""

    name: str
    group: Group
    about: str
    truth: dict[str, Any] = field(repr=False)
    varied: Varied | None = field(default=None, repr=False)

    def model_truth(self, seed: int) -> ModelTruth:
        """The limiter of this seed, of a capacity up to 15 % off the kind's."""
        return self._of(seed)[0]

    def simulated(self, seed: int) -> UnsteadyService:
        """The service of this seed, before its first request."""
        return UnsteadyService(*self._of(seed))

    def true_tps(self, seed: int, ended_s: float) -> float:
        """What a search that ended then should have found; of a capacity that drifts, the mean until then."""
        truth, around = self._of(seed)
        costs = self.image_costs(seed)
        return around.true_tps(truth, sum(costs) / len(costs), ended_s) * truth.mean_speed(0.0, ended_s)

    def image_costs(self, seed: int) -> list[float]:
        """The cost of each image of the test set."""
        truth = self.model_truth(seed)
        contents = (f"{self.name}/{seed}/{image}".encode() for image in range(IMAGES))
        return [truth.image_cost(hashlib.sha256(content).digest()) for content in contents]

    @property
    def is_fast_limiter(self) -> bool:
        """One of the rate limiters of 5 TPS and more, of which the most is promised."""
        return self.group == "limiter" and self.truth["tps_per_iu"] >= 5

    def _of(self, seed: int) -> tuple[ModelTruth, Around]:
        factor = Random(f"{self.name}/{seed}").uniform(0.85, 1.15)
        truth = ModelTruth(**{**self.truth, "tps_per_iu": self.truth["tps_per_iu"] * factor, "seed": seed})
        if self.varied is None:
            return truth, Around()
        return self.varied(truth, Random(f"{self.name}/{seed}/varied"))
