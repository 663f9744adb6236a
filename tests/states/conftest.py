"""The handlers on moto's DynamoDB and S3, against a simulated model on the wire."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from PIL import Image

from lambdas.aws.clients import client
from lambdas.aws.settings import settings
from lambdas.handlers import (
    apply_load,
    explain_failure,
    plan_step,
    prepare,
    probe_images,
    publish,
    recommend,
    release_model,
    start_model,
)
from lambdas.load.worker import close_cached
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from tests.support.lighter_moto import lighten

lighten()

TABLE, BUCKET = "runs", "images-and-reports"
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"


def this_moment() -> str:
    """Now, as Step Functions writes when an execution started."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


STARTED_AT = this_moment()  # of other runs


@pytest.fixture(scope="session")
def rekognition_service() -> Iterator[RunningSimulatedModel]:
    with running_simulated_model([]) as running:
        yield running


@dataclass
class LambdaContext:
    """What the runtime hands to a handler, as far as Powertools reads it."""

    function_name: str = "function-under-test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:function-under-test"
    aws_request_id: str = "request-1"


@dataclass
class Stack:
    """What the handlers see of a deployed stack, and the handlers."""

    service: RunningSimulatedModel
    dynamodb: Any
    s3: Any
    run_id: str = "run-1"
    execution_arn: str = "arn:aws:states:us-east-1:000000000000:execution:Tuner:run-1"
    started_at: str = field(default_factory=this_moment)
    context: LambdaContext = field(default_factory=LambdaContext)

    def upload(self, key: str, body: bytes) -> None:
        """Put it into the bucket, without the request that this takes elsewhere."""
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(BUCKET, key, body)

    def prepare(self, raw: Any) -> dict[str, Any]:
        event = {"input": raw, "runId": self.run_id, "executionArn": self.execution_arn, "startedAt": self.started_at}
        return prepare.handler(event, self.context)

    def start(self) -> bool:
        return start_model.handler({"runId": self.run_id}, self.context)["running"]

    def probe(self) -> dict[str, Any]:
        return probe_images.handler({"runId": self.run_id}, self.context)

    def plan(self) -> dict[str, Any] | None:
        return plan_step.handler({"runId": self.run_id}, self.context)["step"]

    def apply(self, step: dict[str, Any], worker: int = 0) -> None:
        apply_load.handler({"runId": self.run_id, "step": step, "worker": worker}, self.context)

    def recommend(self) -> None:
        recommend.handler({"runId": self.run_id}, self.context)

    def settle(self, raw: Any, *, failed: bool = False) -> bool:
        event = {"runId": self.run_id, "input": raw, "failed": failed}
        return release_model.handler(event, self.context)["settled"]

    def publish(self) -> dict[str, Any]:
        return publish.handler({"runId": self.run_id}, self.context)

    def explain(self, failure: dict[str, str], raw: Any = None) -> dict[str, str]:
        event = {"runId": self.run_id, "input": raw, "startedAt": self.started_at, "failure": failure}
        return explain_failure.handler(event, self.context)

    def items(self) -> list[dict[str, Any]]:
        return self.dynamodb.scan(TableName=TABLE)["Items"]

    def run_item(self) -> dict[str, Any]:
        """The run's own item, its JSON attributes read."""
        key = {"pk": {"S": f"RUN#{self.run_id}"}, "sk": {"S": "RUN"}}
        item = self.dynamodb.get_item(TableName=TABLE, Key=key).get("Item", {})
        texts = {name: value["S"] for name, value in item.items() if "S" in value}
        return {name: json.loads(text) if text.startswith("{") else text for name, text in texts.items()}


@pytest.fixture(scope="module")
def _clients() -> Iterator[None]:
    """Clients last for a module: to make those of a test takes as long as the test itself."""
    client.cache_clear()
    yield
    client.cache_clear()


@contextmanager
def hooked(of: Any, event: str, handler: Callable[..., None]) -> Iterator[None]:
    """`handler` gets a client's event, such as `before-call.s3.GetObject`, meanwhile."""
    of.meta.events.register(event, handler, unique_id=event)
    try:
        yield
    finally:
        of.meta.events.unregister(event, unique_id=event)


@pytest.fixture
def stack(
    rekognition_service: RunningSimulatedModel, _clients: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stack]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL_REKOGNITION": rekognition_service.url,
        "AWS_ENDPOINT_URL_LOOKOUTVISION": rekognition_service.url,
        "RUNS_TABLE": TABLE,
        "IMAGE_BUCKET": BUCKET,
        "PRICE_PER_IU_HOUR_USD": "4.0",
        "MODEL_POLL_SECONDS": "1",
        "TOPIC_ARN": TOPIC,
        "POWERTOOLS_SERVICE_NAME": "inference-unit-tuner",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        settings.cache_clear()
        dynamodb, s3 = client("dynamodb", attempts=1), client("s3", attempts=1)
        dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "leaseHolder")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "Leases",
                    "KeySchema": [{"AttributeName": "leaseHolder", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        s3.create_bucket(Bucket=BUCKET)
        client("sns", attempts=1).create_topic(Name=TOPIC.rpartition(":")[2])
        yield Stack(rekognition_service, dynamodb, s3)
        close_cached()


def picture(size: int = 64, kind: str = "PNG") -> bytes:
    """A valid image of `size` pixels square."""
    buffer = io.BytesIO()
    Image.effect_noise((size, size), 60).save(buffer, kind)
    return buffer.getvalue()
