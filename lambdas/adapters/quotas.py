"""The account's quota of inference units per model, from Service Quotas.

Its code is not documented, so it is looked up by the name that the AWS General Reference gives it ("Maximum inference
units per started model", 5 by default). Not verified against a live account: whether Service Quotas lists it, and
spells it so. Whatever is not found or can't be read counts as the documented default.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.adapters.logs import logger
from lambdas.capacity.recommendation import UnitsQuota


@cache
def quotas_client() -> Any:
    """The Service Quotas client. There is a default to fall back to, and a model that costs money meanwhile."""
    return boto3.client(
        "service-quotas",
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=3, read_timeout=5
        ),
    )


def units_quota(client: Any) -> UnitsQuota:
    """The most inference units that one model may start with."""
    try:
        pages = client.get_paginator("list_service_quotas").paginate(ServiceCode="rekognition")
        found = [
            quota["Value"] for page in pages for quota in page["Quotas"] if _is_it(quota["QuotaName"].lower())
        ]
    except (ClientError, BotoCoreError) as error:
        logger.warning("Service Quotas can't be read", extra={"reason": str(error)})
        return UnitsQuota(source="the documented default, as Service Quotas could not be read")
    if not found:
        return UnitsQuota(source="the documented default, as Service Quotas does not list it")
    return UnitsQuota(int(min(found)), "Service Quotas")


def _is_it(name: str) -> bool:
    return "inference unit" in name and "model" in name
