"""One deployment with two upload pipelines: the uploads of one wait for their model, those of the other start it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.wire import upload_world as uploading
from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.model_spec import ModelTruth
from tests.support.aws import instrumented_aws

WAITING, STARTING = "test_images/", "waves/"
LEAST = 50.0
POISON = f"{WAITING}poison.jpg"
TRUTH = ModelTruth(tps_per_iu=25, start_s=0.5, stop_s=0.5)


@dataclass(frozen=True)
class UploadWorld(uploading.UploadWorld):
    """The deployed app; the model of the uploads that wait is the first one of the service."""

    journal: Path

    def gate(self, prefix: str) -> str:
        """The state of the event source mapping."""
        name = self.queue_urls[prefix].rpartition("/")[2]
        mappings = self.aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        (state,) = (each["State"] for each in mappings if each["EventSourceArn"].endswith(f":{name}"))
        return str(state)


@pytest.fixture(scope="session")
def upload_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadWorld]:
    models = [ModelSetup(truth=TRUTH, answers=AnswerSetup(poison=({"key": POISON},))), ModelSetup(truth=TRUTH)]
    journal = tmp_path_factory.mktemp("uploads") / "journal"

    def entries(arns: Sequence[str]) -> list[dict[str, Any]]:
        waiting, starting = arns
        return [
            {"prefix": WAITING, "modelArn": waiting, "minConfidence": LEAST},
            {"prefix": STARTING, "modelArn": starting, "whenStopped": "start", "idleStopMinutes": 0.1},
        ]

    with instrumented_aws(journal) as aws, uploading.deployed_uploads(aws, models, entries) as world:
        yield UploadWorld(world.aws, world.service, world.outputs, world.queue_urls, journal)
