"""What the handlers see of a deployed stack, on moto in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from local.sample_images import sample_images
from local.simulated_model.process import RunningSimulatedModel

RUNS_TABLE, BUCKET = "runs", "images"


@contextmanager
def mocked_aws(service: RunningSimulatedModel) -> Iterator[None]:
    """moto with the stack's table, bucket and images, and the environment that the handlers read."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL_REKOGNITION": service.url,
        "RUNS_TABLE": RUNS_TABLE,
        "IMAGE_BUCKET": BUCKET,
        "PRICE_PER_IU_HOUR_USD": "4.0",
        "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:topic",
        "POWERTOOLS_SERVICE_NAME": "inference-unit-tuner",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName=RUNS_TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for name, body in sample_images().items():
            s3.put_object(Bucket=BUCKET, Key=f"samples/{name}", Body=body)
        boto3.client("sns").create_topic(Name="topic")
        yield


def items_of(run_id: str, prefix: str) -> list[dict[str, Any]]:
    """A run's items whose `sk` begins so: the first page of them."""
    found: list[dict[str, Any]] = boto3.client("dynamodb").query(
        TableName=RUNS_TABLE,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues={":pk": {"S": f"RUN#{run_id}"}, ":prefix": {"S": prefix}},
    )["Items"]
    return found
