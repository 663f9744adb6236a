"""The account's quotas that bound a run: those of Rekognition, from Service Quotas, and Lambda's, from Lambda.

The codes of Rekognition's are not documented, so they are looked up by the names that the AWS General Reference gives
them ("Maximum inference units per started model", and one that names the operation DetectCustomLabels). Not verified
against a live account: whether Service Quotas lists them, and spells them so. What is not found or can't be read
counts as the documented default; no run fails for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambdas.aws.clients import client
from lambdas.aws.logging import logger
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.models.tariff import UnitsQuota

_UNREAD = "the documented default, as Service Quotas could not be read"
_UNLISTED = "the documented default, as Service Quotas does not list it"


def quotas_client() -> Any:
    """The Service Quotas client."""
    return _fast_fail_client("service-quotas")


def lambda_client() -> Any:
    """The client of Lambda's own API."""
    return _fast_fail_client("lambda")


def _fast_fail_client(service: str) -> Any:
    """There is a default to fall back to, and a model that may cost money meanwhile."""
    return client(service, attempts=2, connect_s=3, read_s=5)


def units_quota(client: Any) -> UnitsQuota:
    """The most inference units that one model may start with."""
    found = _values(_applied(client), lambda name: "inference unit" in name and "model" in name)
    if not found:
        return UnitsQuota(source=_UNREAD if found is None else _UNLISTED)
    return UnitsQuota(int(min(found)), "Service Quotas")


def tps_quota(client: Any) -> TpsQuota:
    """The most DetectCustomLabels requests per second of the account."""
    applied = _values(_applied(client), _is_detect)
    if applied:
        return TpsQuota(min(applied), "Service Quotas", is_applied=True)
    if default := _values(_defaults(client), _is_detect):
        return TpsQuota(min(default), "AWS's default, as Service Quotas has no value of this account's own")
    return TpsQuota(source=_UNREAD if applied is None else _UNLISTED)


def unreserved_concurrency(client: Any) -> int | None:
    """How many functions the account may run at once, those reserved for some left out; None: not known."""
    try:
        return int(client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"])
    except Exception as error:  # noqa: BLE001 - the load then finds out
        logger.warning("Lambda's quota can't be read", extra={"reason": str(error)})
        return None


def _applied(client: Any) -> Iterator[Mapping[str, Any]]:
    yield from client.get_paginator("list_service_quotas").paginate(ServiceCode="rekognition")


def _defaults(client: Any) -> Iterator[Mapping[str, Any]]:
    yield from client.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode="rekognition")


def _values(pages: Iterator[Mapping[str, Any]], is_it: Callable[[str], bool]) -> list[float] | None:
    """The values above 0 of Rekognition's quotas with such a name, in lower case; None: they can't be read."""
    try:
        listed = [(quota["QuotaName"].lower(), quota["Value"]) for page in pages for quota in page["Quotas"]]
    except Exception as error:  # noqa: BLE001 - there is a default to fall back to
        logger.warning("Service Quotas can't be read", extra={"reason": str(error)})
        return None
    return [value for name, value in listed if is_it(name) and value > 0]


def _is_detect(name: str) -> bool:
    return "detectcustomlabels" in name.replace(" ", "")
