"""Prepare: what it settles, and how it refuses."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from iu_tuner.contract.errors import (
    AccessDenied,
    BudgetExceeded,
    InvalidInput,
    ModelNotFound,
    ModelNotStartable,
    NoUsableImages,
)
from lambdas.images.selection import s3_client
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.runs.store import run_store
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import BUCKET, Stack, hooked, picture

STARTABLE = ("TRAINING_COMPLETED", "STOPPED", "COPYING_COMPLETED", "FAILED", "STARTING", "STOPPING")
REFUSED = (
    "TRAINING_IN_PROGRESS",
    "TRAINING_FAILED",
    "DELETING",
    "COPYING_IN_PROGRESS",
    "COPYING_FAILED",
    "DEPRECATED",
    "EXPIRED",
)


@pytest.fixture
def model_arn(stack: Stack) -> str:
    stack.upload("samples/1.png", picture())
    return stack.service.add_model(ModelTruth())["modelArn"]


def settled(stack: Stack) -> dict[str, Any]:
    plan: dict[str, Any] = stack.run_item()["plan"]
    return plan


def lease(stack: Stack, arn: str) -> Lease:
    held = lease_store().get(arn)
    assert held is not None
    return held


def test_an_input_of_the_model_alone_gets_the_documented_defaults(stack: Stack, model_arn: str) -> None:
    assert stack.prepare({"modelArn": model_arn}) == {"holds": True, "output": None}

    plan = settled(stack)
    assert (plan["mode"], plan["start_concurrency"], plan["max_concurrency"]) == ("standard", 4, 256)
    assert (plan["in_flight_per_worker"], plan["max_minutes"], plan["max_usd"]) == (8, 90, 10)
    assert (plan["bucket"], plan["source"], plan["inference_units"]) == (BUCKET, "bytes", 1)
    assert plan["expected_usd"] == pytest.approx(4 * 5 / 60)


@pytest.mark.parametrize("only", ["averageTps", "peakTps"])
def test_one_of_average_and_peak_stands_for_both(stack: Stack, model_arn: str, only: str) -> None:
    stack.prepare({"modelArn": model_arn, "demand": {only: 7}})

    assert settled(stack)["demand"] == {"average_tps": 7, "peak_tps": 7, "headroom": 0}


def test_a_maximum_below_the_default_start_is_where_it_starts(stack: Stack, model_arn: str) -> None:
    stack.prepare({"modelArn": model_arn, "test": {"maxConcurrency": 2}})

    assert (settled(stack)["start_concurrency"], settled(stack)["max_concurrency"]) == (2, 2)


@pytest.mark.parametrize("status", STARTABLE)
def test_a_status_that_leads_to_running_is_accepted(stack: Stack, model_arn: str, status: str) -> None:
    model = stack.service.add_model(ModelSetup(truth=ModelTruth(), status=status))

    stack.prepare({"modelArn": model["modelArn"]})

    assert (lease(stack, model["modelArn"]).status_found, lease(stack, model["modelArn"]).owes) == (status, "stop")


@pytest.mark.parametrize("status", REFUSED)
def test_any_other_status_is_refused_by_its_name(stack: Stack, model_arn: str, status: str) -> None:
    model = stack.service.add_model(ModelSetup(truth=ModelTruth(), status=status))

    with pytest.raises(ModelNotStartable, match=f"ModelNotStartable: the model is {status}"):
        stack.prepare({"modelArn": model["modelArn"]})

    assert stack.run_item() == {}


def test_a_running_model_is_measured_with_the_units_it_has(stack: Stack, model_arn: str) -> None:
    model = stack.service.add_model(
        ModelSetup(truth=ModelTruth(), status="RUNNING", inference_units=3, max_inference_units=5)
    )

    stack.prepare({"modelArn": model["modelArn"]})
    assert settled(stack)["inference_units"] == 3

    assert stack.start()
    run, _ = run_store(stack.run_id).load()
    assert (run.inference_units, run.auto_scales_to) == (3, 5)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"tset": {}}, "tset: unknown field, got {}; the input takes afterRun, demand, images"),
        ({"test": {"inferenceUnits": "2"}}, 'test.inferenceUnits: got "2"; takes a whole number from 1 to 100'),
        ({"afterRun": "apply"}, "demand: got nothing; takes an object with averageTps and peakTps, or"),
        ({"images": {"prefix": "/samples/"}}, 'images.prefix: got "/samples/"; takes the start of keys as S3 has them'),
    ],
)
def test_a_wrong_input_starts_nothing_and_keeps_nothing(
    stack: Stack, model_arn: str, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        stack.prepare({"modelArn": model_arn, **wrong})

    assert refused.value.sentence.startswith(sentence)
    assert stack.items() == []
    assert stack.service.model_report(model_arn)["transitions"] == []


@pytest.mark.parametrize(
    "change", [("project/", "project/other-"), ("version/", "version/other-"), ("/1615476219", "/1700000000")]
)
def test_a_model_that_is_not_there_is_not_found(stack: Stack, model_arn: str, change: tuple[str, str]) -> None:
    with pytest.raises(ModelNotFound, match="check modelArn"):
        stack.prepare({"modelArn": model_arn.replace(*change)})


def test_a_run_dearer_than_its_limit_is_refused_with_its_price(stack: Stack, model_arn: str) -> None:
    with pytest.raises(BudgetExceeded, match=r"costs about \$1.67, more than limits.maxCostUsd = 1.5"):
        stack.prepare({"modelArn": model_arn, "test": {"inferenceUnits": 5}, "limits": {"maxCostUsd": 1.5}})


def test_objects_that_are_no_images_are_skipped_with_their_reason(stack: Stack, model_arn: str) -> None:
    for key, body in {
        "samples/really a jpeg+%ü.txt": picture(kind="JPEG"),
        "samples/gif.jpg": b"GIF89a" + bytes(100),
        "samples/empty.png": b"",
        "samples/huge.png": picture() + bytes(4 * 1024**2),
        "elsewhere/2.png": picture(),
        "samples/folder/": b"",
    }.items():
        stack.upload(key, body)

    stack.prepare({"modelArn": model_arn})

    plan = settled(stack)
    assert [image["key"] for image in plan["images"]] == ["samples/1.png", "samples/really a jpeg+%ü.txt"]
    reasons = {image["key"]: image["reason"] for image in plan["skipped"]}
    assert reasons["samples/gif.jpg"].startswith("it is GIF, neither JPEG nor PNG: convert")
    assert reasons["samples/empty.png"] == "it is empty"
    assert reasons["samples/huge.png"].endswith("with images.source bytes at most 4,194,304 are taken")
    assert len(reasons) == 3


def test_hundreds_of_hopeless_objects_with_long_names_still_fit_an_item(stack: Stack, model_arn: str) -> None:
    for index in range(230):
        stack.upload(f"samples/{index:03}-{'ü' * 480}.png", b"no image")

    stack.prepare({"modelArn": model_arn})

    plan = settled(stack)
    assert len(json.dumps(plan, ensure_ascii=False).encode()) < 200_000
    assert (len(plan["skipped"]), plan["images_skipped"]) == (50, 230)


def test_one_good_image_among_hundreds_is_found(stack: Stack, model_arn: str) -> None:
    for index in range(400):
        stack.upload(f"haystack/{index:03}.png", b"no image" + bytes(index))
    stack.upload("haystack/200-needle.png", picture())

    stack.prepare({"modelArn": model_arn, "images": {"prefix": "haystack/"}})

    assert [image["key"] for image in settled(stack)["images"]] == ["haystack/200-needle.png"]


def test_an_image_too_large_as_bytes_may_be_named_in_s3(stack: Stack, model_arn: str) -> None:
    stack.upload("samples/huge.png", picture() + bytes(4 * 1024**2))

    stack.prepare({"modelArn": model_arn, "images": {"source": "s3"}})

    assert len(settled(stack)["images"]) == 2


def test_many_images_are_represented_by_a_few_of_all_sizes(stack: Stack, model_arn: str) -> None:
    for index in range(300):
        stack.upload(f"many/{index:03}.png", picture() + bytes(index * 10))

    stack.prepare({"modelArn": model_arn, "images": {"prefix": "many/"}})

    sizes = sorted(image["bytes"] for image in settled(stack)["images"])
    gaps = [larger - smaller for smaller, larger in pairwise(sizes)]
    assert len(sizes) == 24
    assert settled(stack)["images_found"] == 300
    assert max(gaps) < 3 * min(gaps)


@pytest.mark.parametrize(
    ("prefix", "said"), [("nothing/", "none of the 0 objects"), ("text/", "text/a.jpg: it is text")]
)
def test_without_a_usable_image_nothing_is_started(stack: Stack, model_arn: str, prefix: str, said: str) -> None:
    stack.upload("text/a.jpg", b"hello")

    with pytest.raises(NoUsableImages, match=said):
        stack.prepare({"modelArn": model_arn, "images": {"prefix": prefix}})


def test_a_bucket_that_does_not_exist_is_named(stack: Stack, model_arn: str) -> None:
    with pytest.raises(NoUsableImages, match="there is no bucket not-there"):
        stack.prepare({"modelArn": model_arn, "images": {"bucket": "not-there"}})


ROLE = "User: arn:aws:sts::123456789012:assumed-role/prepare/prepare is not authorized to perform:"
KEY = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
NO_KEY = f"{ROLE} kms:Decrypt on resource: {KEY} because no identity-based policy allows the kms:Decrypt action"
DENIED = f"{ROLE} s3:GetObject on resource: x with an explicit deny in a service control policy"
OTHERS = f"{ROLE} s3:ListBucket on resource: x because no resource-based policy allows the s3:ListBucket action"


@pytest.mark.parametrize(
    ("operation", "code", "status", "words", "error", "todo"),
    [
        ("ListObjectsV2", "AccessDenied", 403, "Access Denied", AccessDenied, "context key imageBuckets"),
        ("ListObjectsV2", "AccessDenied", 403, DENIED, AccessDenied, "administrator of that service control policy"),
        ("ListObjectsV2", "AccessDenied", 403, OTHERS, AccessDenied, "the resource's own policy must allow"),
        ("ListObjectsV2", "PermanentRedirect", 301, "must be addressed", NoUsableImages, "in another Region"),
        ("GetObject", "AccessDenied", 403, "Access Denied", AccessDenied, "context key imageBuckets"),
        ("GetObject", "AccessDenied", 403, NO_KEY, AccessDenied, "kmsKeyArn"),
        ("GetObject", "AccessDenied", 403, DENIED, AccessDenied, "ask the administrator of"),
        ("GetObject", "KMS.DisabledException", 400, f"{KEY} is disabled.", AccessDenied, "another bucket"),
        ("GetObject", "InvalidObjectState", 403, "not valid for the storage class", NoUsableImages, "archive"),
    ],
)
def test_what_s3_refuses_keeps_its_words_and_gets_advice_that_fits(
    stack: Stack, model_arn: str, operation: str, code: str, status: int, words: str, error: type[Exception], todo: str
) -> None:
    def refuse(**_: Any) -> None:
        answer = {"Error": {"Code": code, "Message": words}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise stack.s3.exceptions.ClientError(answer, operation)

    with hooked(s3_client(), f"before-call.s3.{operation}", refuse), pytest.raises(error) as refused:
        stack.prepare({"modelArn": model_arn})

    assert words.rstrip(".") in str(refused.value)
    assert f"({operation}: {code})" in str(refused.value)
    assert todo in str(refused.value)


def test_images_that_rekognition_reads_have_to_be_in_the_models_region(stack: Stack, model_arn: str) -> None:
    stack.s3.create_bucket(Bucket="far-away-images", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    raw = {"modelArn": model_arn, "images": {"bucket": "far-away-images", "source": "s3"}}

    with pytest.raises(InvalidInput) as refused:
        stack.prepare(raw)

    assert "got far-away-images, which is in eu-west-1" in refused.value.sentence
    assert "the model's Region, us-east-1" in refused.value.sentence
    assert lease(stack, model_arn).owes == "nothing"


def test_images_that_the_workers_read_may_be_in_any_region(stack: Stack, model_arn: str) -> None:
    stack.s3.create_bucket(Bucket="far-away-images", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    stack.s3.put_object(Bucket="far-away-images", Key="samples/1.png", Body=picture())

    stack.prepare({"modelArn": model_arn, "images": {"bucket": "far-away-images"}})

    assert settled(stack)["bucket"] == "far-away-images"
