"""`iu-tuner process --sample`: images at even distances, and hours and dollars of all of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from iu_tuner.cli.aws.runs_table import ModelPace, RunsTable
from iu_tuner.cli.aws.sample import Sample, choose_sample, sample_quote
from iu_tuner.contract.batch.batch_input import parse_process_input
from iu_tuner.exit_codes import UsageError
from lambdas.aws.table import Attributes, serialized
from lambdas.processing.pace import Pace
from tests.unit.cli.aws_stub import MODEL


def chosen(keys: list[str], size: int, **images: Any) -> tuple[Sample, list[str]]:
    """The sample of these keys, and the keys of its list."""
    wanted = parse_process_input({"modelArn": MODEL, "images": {"prefix": "incoming/", **images}})
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="images")
        for key in keys:
            s3.put_object(Bucket="images", Key=key, Body=b"x")
        deployment: Any = SimpleNamespace(image_bucket="images", aws=SimpleNamespace(of=lambda _: s3))
        sample = choose_sample(deployment, wanted, size, "run-1")
        key = sample.address.removeprefix("s3://images/")
        lines = s3.get_object(Bucket="images", Key=key)["Body"].read().decode().splitlines()
    return sample, [json.loads(line)["key"] for line in lines]


BEGAN = datetime(2026, 11, 28, 12, tzinfo=UTC)


def described(tps: float | None, p50: float | None = None, took_s: float | None = None) -> dict[str, Any]:
    """An execution of a sample. With `took_s` it stopped its model, and both took so long beside its images."""
    output: dict[str, Any] = {"throughput": {"tps": tps}, "inferenceUnits": 2, "latencyMs": {"p50": p50}}
    output |= {"images": {"done": 100}, "model": {"stoppedAt": None, "inferenceUnitHours": 0.0}}
    found: dict[str, Any] = {"startDate": BEGAN}
    if took_s is not None and tps is not None:
        busy_s = 100 / tps
        output["model"] = {"stoppedAt": "…", "inferenceUnitHours": 2 * (took_s + busy_s) / 3600}
        found["stopDate"] = BEGAN + timedelta(seconds=2 * took_s + busy_s)
    return {**found, "output": json.dumps(output)}


def test_the_images_lie_at_even_distances_over_the_whole_prefix() -> None:
    keys = [f"incoming/{number:03}.jpg" for number in range(100)]

    sample, listed = chosen([*keys, "incoming/notes.txt", "elsewhere/1.jpg"], 10)

    assert (sample.size, sample.images) == (10, 100)
    assert listed == keys[::10]
    assert sample.address == "s3://images/batches/run-1/sample.jsonl"
    assert sample.sentence == "a sample of 10 of 100 images; their results are kept and not paid again"


def test_a_prefix_with_fewer_images_is_taken_whole() -> None:
    sample, listed = chosen(["incoming/a.jpg", "incoming/b.jpg"], 10)

    assert (sample.size, sample.images, listed) == (2, 2, ["incoming/a.jpg", "incoming/b.jpg"])


def test_a_prefix_without_images_and_a_list_are_refused() -> None:
    with pytest.raises(UsageError, match="which has no images"):
        chosen(["incoming/notes.txt"], 10)
    with pytest.raises(UsageError, match="not of --list"):
        chosen([], 10, list="s3://images/keys.csv")


def test_all_images_cost_what_the_sample_s_rate_says() -> None:
    told = sample_quote(Sample(100, 36_000, "s3://images/x"), described(tps=10.0), 4.0, ModelPace())

    # An hour of two units and 90 s more; start and stop take 11 minutes.
    assert (
        told
        == "all 36,000 images take about 1 h 11 min with start-up, and $8.20, with 2 inference units at 10.00 images/s"
    )


def test_the_first_reply_of_a_short_sample_does_not_count() -> None:
    # 100 images in 2 s, of which the first reply took 200 ms.
    told = sample_quote(Sample(100, 36_000, "s3://images/x"), described(tps=50.0, p50=200), 4.0, ModelPace())

    assert told.endswith("with 2 inference units at 55.56 images/s")


def test_start_and_stop_take_what_they_took_for_the_sample() -> None:
    told = sample_quote(Sample(100, 36_000, "s3://images/x"), described(10.0, took_s=180), 4.0, ModelPace())

    # An hour and 3 minutes of two units, and as long again for start and stop.
    assert told.startswith("all 36,000 images take about 1 h 6 min with start-up, and $8.40, with")


def test_a_sample_that_ramped_up_says_the_rate_that_it_reached() -> None:
    sample, slow = Sample(100, 36_000, "s3://images/x"), described(tps=5.0)

    assert "at 20.00 images/s" in sample_quote(sample, slow, 4.0, ModelPace(20.0))
    told = sample_quote(sample, slow, 4.0, ModelPace(20.0, is_guess=True))
    assert "at 20.00 images/s - or far from it, as the sample ended before it found the model's rate: take" in told


def test_a_sample_of_which_nothing_was_sent_says_nothing() -> None:
    assert "says nothing" in sample_quote(Sample(1, 9, "s3://images/x"), described(tps=None), 4.0, ModelPace())


@pytest.mark.parametrize(
    ("pace", "known"),
    [
        (Pace(24.5, 1, measured=25.0), ModelPace(24.5)),
        (Pace(18.0, 1, slow_start=True), ModelPace(18.0, is_guess=True)),
        (Pace(18.0, 1, seeking=True, ceiling=12.0), ModelPace(12.0, is_guess=True)),
        (None, ModelPace()),
    ],
)
def test_the_rate_of_a_model_is_a_guess_until_its_limit_is_found(pace: Pace | None, known: ModelPace) -> None:
    item = {} if pace is None else {"Item": serialized(Attributes(Pace).of(pace))}
    client = SimpleNamespace(get_item=lambda **_: item)

    assert RunsTable(client, "runs").pace("arn:model") == known
