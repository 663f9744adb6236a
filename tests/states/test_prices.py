"""What an inference unit costs: the stack's price, or the one of the AWS Price List.

The products have the shape that GetProducts documents (each a JSON text); what Custom Labels' own look like could
not be verified, so the words that make one are spread over its attributes in several ways.
"""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.adapters import prices
from lambdas.adapters.prices import unit_hour_price
from lambdas.runs.store import run_store
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import Stack, picture

REGION = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"}]


def product(usd: str, *, unit: str = "Hours", **attributes: str) -> str:
    dimension = {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": usd}}
    return json.dumps(
        {
            "product": {
                "productFamily": "AI",
                "attributes": {"regionCode": "us-east-1", **attributes},
                "sku": "S",
            },
            "serviceCode": "AmazonRekognition",
            "terms": {"OnDemand": {"S.T": {"priceDimensions": {"S.T.D": dimension}, "sku": "S"}}},
            "publicationDate": "2026-11-01T00:00:00Z",
        }
    )


OTHERS = [
    product("0.0010000000", unit="Images", usagetype="USE1-ImagesProcessed", group="Image analysis"),
    product("1.0000000000", usagetype="USE1-CustomLabels-Training-Hrs"),
]
INFERENCE = product("4.2000000000", usagetype="USE1-CustomLabels-Inference-Hrs")


@pytest.fixture(autouse=True)
def wanted(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRICE", "lookup")


@pytest.fixture
def price_list(monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """Answers what it is given, then refuses: a question that nobody foresaw."""
    client = boto3.client("pricing", region_name="us-east-1")
    monkeypatch.setattr("lambdas.adapters.prices.pricing_client", lambda: client)
    stubber = Stubber(client)
    stubber.activate()
    return stubber


def lists(price_list: Stubber, *products: str) -> None:
    price_list.add_response(
        "get_products",
        {"FormatVersion": "aws_v1", "PriceList": list(products)},
        {"ServiceCode": "AmazonRekognition", "Filters": REGION},
    )


def test_the_price_list_goes_before_the_stack_s_price_and_is_named_with_its_date(price_list: Stubber) -> None:
    lists(price_list, *OTHERS, INFERENCE)

    price = unit_hour_price()

    assert (price.usd, price.source, price.detail) == (4.2, "AWS Price List", None)
    assert price.read_at is not None
    assert price.read_at.startswith(time.strftime("%Y-%m-%d", time.gmtime()))


def test_it_is_asked_once_a_day(price_list: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    lists(price_list, INFERENCE)
    lists(price_list, product("5", group="Custom Labels", operation="Inference"))

    first, second = unit_hour_price(), unit_hour_price()
    tomorrow = time.time() + prices.KEPT_S + 1
    monkeypatch.setattr("lambdas.adapters.prices.time.time", lambda: tomorrow)
    third = unit_hour_price()

    assert first == second
    assert (first.usd, third.usd) == (4.2, 5.0)


@pytest.mark.parametrize(
    ("products", "said"),
    [
        ([], "of 0 products, prices of an inference hour: none"),
        (OTHERS, "none"),
        ([INFERENCE, product("9", group="Custom Labels inference")], "$4.2, $9"),
        ([product("0.0000000000", group="Custom Labels inference")], "none"),
        ([product("4.2", unit="Images", group="Custom Labels inference")], "none"),
        (["{}"], "none"),
        (['{"product": 7, "terms": {"OnDemand": {"S": null}}}'], "none"),
        (["not JSON"], "JSONDecodeError"),
    ],
)
def test_without_exactly_one_price_the_stack_s_own_counts_and_the_output_says_why(
    price_list: Stubber, products: list[str], said: str
) -> None:
    lists(price_list, *products)

    price = unit_hour_price()

    assert (price.usd, price.source, price.read_at) == (4.0, "context", None)
    assert said in str(price.detail)


def test_a_price_list_that_refuses_costs_no_run(price_list: Stubber) -> None:
    price_list.add_client_error("get_products", "AccessDeniedException")

    assert "AccessDeniedException" in str(unit_hour_price().detail)


def test_a_run_is_reckoned_with_the_price_that_was_found(stack: Stack, price_list: Stubber) -> None:
    lists(price_list, INFERENCE)
    stack.upload("samples/1.png", picture())

    stack.prepare({"modelArn": stack.service.add_model(ModelTruth())["modelArn"]})

    run, _ = run_store(stack.run_id).known()
    assert (run.usd_per_unit_hour, run.price_source) == (4.2, "AWS Price List")
    assert run.expected_usd == pytest.approx(4.2 * 5 / 60)


def test_by_default_nobody_is_asked(price_list: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRICE")

    price: Any = unit_hour_price()

    assert (price.usd, price.source, price.read_at, price.detail) == (4.0, "context", None, None)
