"""The price of an inference unit's hour, found among the products of the AWS Price List.

How Custom Labels is described there is not documented, so a product counts by the words of its attributes ("custom
labels" and "inference", not "training"), whichever of them hold those, and by being paid by the hour. Not verified
against the live list. Where that is not exactly one price, there is none: a guess would look like a fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class NoSinglePrice(Exception):
    """The list has no price of an inference hour in this Region, or several; the text says which."""


def usd_per_unit_hour(products: Sequence[Mapping[str, Any]]) -> float:
    """The price among the products of one Region, in USD.

    Raises:
        NoSinglePrice
    """
    prices = {price for product in products if _is_inference(product) for price in _hourly(product)}
    if len(prices) != 1:
        listed = ", ".join(f"${price:g}" for price in sorted(prices)) or "none"
        raise NoSinglePrice(f"of {len(products)} products, prices of an inference hour: {listed}")
    return prices.pop()


def _is_inference(product: Mapping[str, Any]) -> bool:
    attributes = _mapping(_mapping(product.get("product")).get("attributes"))
    words = re.sub(r"[^a-z]", "", " ".join(map(str, attributes.values())).lower())
    return "customlabel" in words and "inference" in words and "training" not in words


def _hourly(product: Mapping[str, Any]) -> Iterator[float]:
    """What is paid for an hour on demand; a free tier is no price."""
    for offer in _mapping(_mapping(product.get("terms")).get("OnDemand")).values():
        for dimension in _mapping(_mapping(offer).get("priceDimensions")).values():
            price = _usd(_mapping(_mapping(dimension).get("pricePerUnit")).get("USD"))
            if price and re.search(r"\b(hrs?|hours?)\b|hours?$", str(dimension.get("unit")).lower()):
                yield price


def _usd(text: Any) -> float:
    try:
        price = float(text)
    except (TypeError, ValueError):
        return 0.0
    return price if 0 < price < float("inf") else 0.0


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
