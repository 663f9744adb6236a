"""What an inference unit costs per hour: from the stack's settings, or looked up in the AWS Price List.

What was looked up is kept in the runs table for a day: `PRICE#<Region>` / `INFERENCE-UNIT-HOUR`.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from iu_tuner.formats import iso
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.aws.table import dynamodb_client, plain, serialized
from lambdas.capacity.price_list import NoSinglePrice, usd_per_unit_hour

KEPT_S = 24 * 3600


@dataclass(frozen=True)
class Price:
    """USD per inference unit and hour; `read_at` (ISO 8601, UTC) where it was looked up, `detail` where that failed."""

    usd: float
    source: str = "context"
    read_at: str | None = None
    detail: str | None = None


@cache
def pricing_client() -> Any:
    """The Price List client; it is only there in a few Regions. There is a price to fall back to."""
    return boto3.client(
        "pricing",
        region_name="us-east-1",
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=3, read_timeout=10
        ),
    )


def unit_hour_price() -> Price:
    """The price that all cost figures of a run are made with."""
    of_context = settings().usd_per_unit_hour
    if not settings().looks_price_up:
        return Price(of_context)
    try:
        return _kept() or _looked_up()
    except (ClientError, BotoCoreError, NoSinglePrice, ValueError, KeyError) as error:
        logger.warning("the price can't be looked up", extra={"reason": str(error)})
        why = (
            f"the AWS Price List gave no price ({type(error).__name__}: {error}); the stack's own one counts"
        )
        return Price(of_context, detail=why)


def _kept() -> Price | None:
    answer = dynamodb_client().get_item(TableName=settings().runs_table, Key=serialized(_key()))
    item = plain(answer.get("Item", {}))
    # DynamoDB may take days to drop what has expired.
    if not item or float(item["expiresAt"]) <= time.time():
        return None
    return Price(float(item["usd"]), "AWS Price List", item["readAt"])


def _looked_up() -> Price:
    pages = (
        pricing_client()
        .get_paginator("get_products")
        .paginate(
            ServiceCode="AmazonRekognition",
            Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": settings().region}],
        )
    )
    usd = usd_per_unit_hour([json.loads(product) for page in pages for product in page["PriceList"]])
    now = time.time()
    price = Price(usd, "AWS Price List", iso(now))
    item = {**_key(), "usd": usd, "readAt": price.read_at, "expiresAt": int(now) + KEPT_S}
    dynamodb_client().put_item(TableName=settings().runs_table, Item=serialized(item))
    return price


def _key() -> dict[str, str]:
    return {"pk": f"PRICE#{settings().region}", "sk": "INFERENCE-UNIT-HOUR"}
