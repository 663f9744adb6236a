"""Do others use a model that runs? What CloudWatch's request metrics allow to say.

Where a model has series of its own, those decide; else those of the whole account and Region.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iu_tuner.contract.errors import ModelInUse
from lambdas.models.facts import ServiceNames

MINUTES = 5  # before the run, in which a request of others means that the model is in use

_ALLOW = "set test.allowOtherTraffic to true to measure it all the same (the result then says so)"


@dataclass(frozen=True)
class TrafficSeen:
    """Requests of the last MINUTES: of this model, or else of the whole account and Region."""

    requests: int
    of_model: bool

    def sentence(self, service: ServiceNames) -> str:
        """What was seen, as a main clause."""
        ago = f"in the {MINUTES} minutes before the run"
        if self.of_model:
            return f"others sent this model {self.requests} requests {ago}"
        return (
            f"{service.operation} was called {self.requests} times {ago} in this account and Region,"
            " and CloudWatch does not tell for which model"
        )


def seen(of_model: Sequence[Sequence[float]], of_account: Sequence[float]) -> TrafficSeen:
    """The traffic from sums per minute.

    `of_model` holds one series per way of naming the model, each counting the same requests; an empty
    one tells nothing. `of_account` counts a whole account's requests.
    """
    own = [round(sum(series)) for series in of_model if series]
    return TrafficSeen(max(own, default=round(sum(of_account))), of_model=bool(own))


def require_unused(traffic: TrafficSeen, service: ServiceNames) -> None:
    """Does nobody else use the running model?

    Raises:
        ModelInUse: it may be serving others, whom a test would take the capacity from.
    """
    if traffic.requests and traffic.of_model:
        raise ModelInUse(f"the model runs, and {traffic.sentence(service)} - run when nobody uses it, or {_ALLOW}")
    if traffic.requests:
        raise ModelInUse(
            f"the model runs, and {traffic.sentence(service)}, so it may be in use - run when no model of this account"
            f" was asked for {MINUTES} minutes, or {_ALLOW}"
        )
