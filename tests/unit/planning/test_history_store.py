"""What is kept of this tuner's own runs: their load is no demand."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from lambdas.planning.history_store import HistoryItems

DAY_S = 86_400
START_S = 1_794_787_200.0
BEES, ANTS = "arn:aws:rekognition:eu-west-1:123456789012:project/bees/1", "arn:...:project/ants/1"


@pytest.fixture
def items() -> Iterator[HistoryItems]:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", "eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
        dynamodb.create_table(
            TableName="runs",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        yield HistoryItems(dynamodb, "runs")


def test_own_runs_are_found_by_their_model_or_all_of_them(items: HistoryItems) -> None:
    items.save_own_run("one", BEES, START_S + 0.12345, START_S + 60.5678)
    items.save_own_run("two", ANTS, START_S + 100, START_S + 200)

    assert items.own_runs(START_S, BEES) == [(START_S + 0.123, START_S + 60.568)]
    assert len(items.own_runs(START_S, None)) == 2


@pytest.mark.parametrize(("before_s", "found"), [(0, 1), (DAY_S, 1), (DAY_S + 1, 0)])
def test_a_run_that_began_within_a_day_before_may_reach_into_the_time(
    items: HistoryItems, before_s: int, found: int
) -> None:
    items.save_own_run("one", BEES, START_S - before_s, START_S + 60)

    assert len(items.own_runs(START_S, BEES)) == found
