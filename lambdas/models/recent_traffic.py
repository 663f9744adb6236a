"""Recent traffic: whether other clients use a running model, according to CloudWatch's request metrics.

If the model has its own series, those decide. Otherwise the series of the whole account and Region decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iu_tuner.contract.errors import ModelInUse
from lambdas.models.facts import ServiceNames

RECENT_MINUTES = 5  # a request of another client in these minutes before the run means that the model is in use

_ALLOW_ADVICE = "set test.allowOtherTraffic to true to measure it anyway (the output then says so)"


@dataclass(frozen=True)
class TrafficSeen:
    """The requests of the last RECENT_MINUTES, to this model (`of_model`) or in the whole account and Region."""

    requests: int
    of_model: bool

    def sentence(self, service: ServiceNames) -> str:
        """The traffic as a main clause."""
        period_clause = f"in the {RECENT_MINUTES} minutes before the run"
        if self.of_model:
            return f"other clients sent this model {self.requests} requests {period_clause}"
        return (
            f"{service.operation} was called {self.requests} times {period_clause} in this account and Region,"
            " and CloudWatch does not say for which model"
        )


def recent_traffic(of_model: Sequence[Sequence[float]], of_account: Sequence[float]) -> TrafficSeen:
    """The traffic from sums per minute.

    `of_model` holds one series per way of naming the model in metric dimensions. They count the same requests, and
    may be empty. `of_account` holds the sums of the whole account and Region.
    """
    counts_of_model = [round(sum(series)) for series in of_model if series]
    return TrafficSeen(max(counts_of_model, default=round(sum(of_account))), of_model=bool(counts_of_model))


def require_unused(traffic: TrafficSeen, service: ServiceNames, alternative: str = _ALLOW_ADVICE) -> None:
    """Require that no other client uses the running model. `alternative` says what else the user may do.

    Raises:
        ModelInUse: other clients may use the model, and a test would take its capacity from them.
    """
    if traffic.requests and traffic.of_model:
        raise ModelInUse(
            f"the model runs, and {traffic.sentence(service)} - run again when no other client uses it,"
            f" or {alternative}"
        )
    if traffic.requests:
        raise ModelInUse(
            f"the model runs, and {traffic.sentence(service)}, so it may be in use - run again when no model of this"
            f" account has had a request for {RECENT_MINUTES} minutes, or {alternative}"
        )
