"""What every batch of the matrix has to show: each image is accounted for, and none is paid for often."""

from __future__ import annotations

import json

import pytest

from lambdas.batch.shards.writer import images_of
from tests.faults.batch_rows import BATCH_ROWS
from tests.faults.observed import Observed, ObservedBatch
from tests.faults.row import IMAGES, BatchRow, image_keys

Matrix = dict[str, Observed]

# A worker that dies, and one that is ended, has one shard under way; the largest one of the rows is the fourth.
A_SHARD = images_of(3)

every_batch = pytest.mark.parametrize("name", [row.name for row in BATCH_ROWS])
finished = pytest.mark.parametrize(
    "name", [row.name for row in BATCH_ROWS if row.status == "SUCCEEDED" or row.is_resumed]
)


def of(observed: Matrix, name: str) -> tuple[BatchRow, ObservedBatch]:
    row, batch = observed[name].row, observed[name].batch
    assert isinstance(row, BatchRow)
    assert batch is not None
    return row, batch


@every_batch
def test_whatever_summary_was_written_accounts_for_each_image(observed: Matrix, name: str) -> None:
    _, batch = of(observed, name)
    if batch.manifest is None:
        return

    images = batch.manifest["images"]
    assert images["listed"] == images["current"] + images["done"] + images["failed"] + images["left"] == IMAGES


@every_batch
def test_no_more_than_a_shard_is_asked_twice(observed: Matrix, name: str) -> None:
    _, batch = of(observed, name)

    assert max(batch.answers.values(), default=1) <= 2
    assert sum(times - 1 for times in batch.answers.values()) <= A_SHARD


@finished
def test_a_batch_that_is_finished_has_lost_no_image(observed: Matrix, name: str) -> None:
    row, batch = of(observed, name)
    last = batch.resumed or observed[name].described
    wanted = image_keys()[: IMAGES - row.failed]

    assert last["status"] == "SUCCEEDED", (last.get("error"), last.get("cause"))
    images = json.loads(last["output"])["images"]
    assert (images["listed"], images["failed"], images["left"]) == (IMAGES, row.failed, 0)
    assert sorted(batch.answers) == wanted
    assert sorted(batch.lines) == wanted
    has_files = row.more.get("results", {}).get("perImage", True)
    expected = {f"{key}.json" for key in wanted} | {f"{key}.error.json" for key in image_keys()[IMAGES - row.failed :]}
    assert batch.results == (expected if has_files else set())


@pytest.mark.parametrize("name", [row.name for row in BATCH_ROWS if row.is_resumed])
def test_a_model_that_is_resumed_ends_stopped(observed: Matrix, name: str) -> None:
    _, batch = of(observed, name)

    assert batch.resumed is not None
    assert json.loads(batch.resumed["output"])["model"]["statusAfter"] == "STOPPED"
