"""The account's quotas that bound a run: those of the model's service (from Service Quotas) and that of Lambda.

Quotas of the service are found by words in their names. A quota that is not found or can't be read has its documented
default; a run does not fail for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from iu_tuner.contract.errors import InvalidInput, ModelNotStartable
from iu_tuner.contract.input_errors import wrong_value
from iu_tuner.formats import count
from lambdas.aws.clients import client
from lambdas.aws.logging import logger
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.models.facts import ServiceFacts
from lambdas.models.lease import Lease
from lambdas.models.lease_store import LeaseStore
from lambdas.models.registry import facts_of
from lambdas.models.tariff import UnitsQuota

RUNNING_MODELS = 2  # default quota of models that run at the same time (AWS General Reference)
_UNREAD_SOURCE = "the documented default, as Service Quotas could not be read"
_UNLISTED_SOURCE = "the documented default, as Service Quotas does not list it"


def quotas_client() -> Any:
    """The Service Quotas client."""
    return _fast_fail_client("service-quotas")


def lambda_client() -> Any:
    """The client of Lambda's own API."""
    return _fast_fail_client("lambda")


def _fast_fail_client(service: str) -> Any:
    """A client with short timeouts: every quota has a default, and the model may cost money meanwhile."""
    return client(service, attempts=2, connect_s=3, read_s=5)


def units_quota(client: Any, service: ServiceFacts) -> UnitsQuota:
    """The maximum number of inference units that one model may start with."""
    values = _applied_values(client, service, service.units_quota_words)
    if not values:
        return UnitsQuota(source=_UNREAD_SOURCE if values is None else _UNLISTED_SOURCE)
    return UnitsQuota(int(min(values)), "Service Quotas")


def require_units(field: str, units: int, quota: int) -> None:
    """Require that the account may start a model with the units that `field` names. Raises InvalidInput."""
    if units > quota:
        takes = f"at most {quota}, the account's quota of inference units for one model"
        raise InvalidInput(wrong_value(field, units, takes))


def running_models_quota(client: Any, service: ServiceFacts) -> int | None:
    """The maximum number of models of the account that run at the same time. Returns None if it can't be read."""
    values = _applied_values(client, service, ("concurrentlyrunning", "model"))
    if values is None:
        return None
    return int(min(values)) if values else RUNNING_MODELS


def require_room(leases: LeaseStore, own: Lease) -> None:
    """Require that the account may run one more model beside those that earlier runs hold.

    Where the quota can't be read, the documented default counts. Measurements alone do not count then: AWS would
    refuse the start of one too many, which costs nothing, while a batch keeps its model for hours.

    Raises:
        ModelNotStartable: earlier runs hold as many models as the account may run.
    """
    other_leases = [
        lease
        for lease in leases.all()
        if lease.model_arn != own.model_arn and (lease.started_at, lease.run_id) < (own.started_at, own.run_id)
    ]
    if not other_leases:
        return
    quota = running_models_quota(quotas_client(), facts_of(own.model_arn))
    if quota is None:
        if all(lease.kind == "measure" for lease in (own, *other_leases)):
            return
        quota = RUNNING_MODELS
    if len(other_leases) >= quota:
        runs = ", ".join(sorted(lease.run_id for lease in other_leases))
        raise ModelNotStartable(
            f"the account runs at most {count(quota, 'model')} at once, and the runs {runs} hold as many - run again"
            " when one of them has ended, or raise the quota in Service Quotas"
        )


def applied_tps(client: Any, service: ServiceFacts) -> float | None:
    """The account's own value of its quota of requests per second. Returns None if it can't be read."""
    if not service.tps_quota_words:
        return None
    values = _applied_values(client, service, service.tps_quota_words)
    return min(values) if values else None


def tps_quota(client: Any, service: ServiceFacts) -> TpsQuota | None:
    """The maximum inference requests per second of the account. Returns None if the service has no such quota."""
    if not service.tps_quota_words:
        return None
    applied_values = _applied_values(client, service, service.tps_quota_words)
    if applied_values:
        return TpsQuota(min(applied_values), "Service Quotas", is_applied=True)
    defaults = client.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode=service.key)
    if default := _values(defaults, service.tps_quota_words):
        return TpsQuota(min(default), "AWS's default, as Service Quotas has no value of this account's own")
    return TpsQuota(source=_UNREAD_SOURCE if applied_values is None else _UNLISTED_SOURCE)


def unreserved_concurrency(client: Any) -> int | None:
    """The account's unreserved Lambda concurrency. Returns None if it can't be read."""
    try:
        return int(client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"])
    except Exception as error:  # noqa: BLE001 - without the quota the load shows the bound
        logger.warning("Lambda's quota can't be read", extra={"reason": str(error)})
        return None


def _applied_values(client: Any, service: ServiceFacts, words: Sequence[str]) -> list[float] | None:
    """The values of the account's own quotas that have these words. Returns None if they can't be read."""
    return _values(client.get_paginator("list_service_quotas").paginate(ServiceCode=service.key), words)


def _values(pages: Iterable[Any], words: Sequence[str]) -> list[float] | None:
    """The positive values of the listed quotas that have all these words in their names.

    Returns None if they can't be read.
    """
    try:
        quotas = [(quota["QuotaName"].lower(), quota["Value"]) for page in pages for quota in page["Quotas"]]
    except Exception as error:  # noqa: BLE001 - every quota has a default
        logger.warning("Service Quotas can't be read", extra={"reason": str(error)})
        return None
    return [value for name, value in quotas if value > 0 and all(word in name.replace(" ", "") for word in words)]
