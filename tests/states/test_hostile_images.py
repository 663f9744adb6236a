"""Objects that are no images, or hard to name: left out and listed, or used. The run goes on."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from iu_tuner.contract.choices import Source
from iu_tuner.contract.errors import AccessDenied, NoUsableImages
from lambdas.aws import settings
from lambdas.aws.clients import client
from lambdas.images import listing as image_listing
from lambdas.images import search as image_search
from lambdas.images import selection as images
from lambdas.images.search import MAX_INSPECTED
from lambdas.images.selection import Selection, choose_images
from lambdas.load import worker as load_worker
from lambdas.runs.store import run_store
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import running_simulated_model
from tests.listed_bucket import ListedBucket
from tests.states.conftest import BUCKET, Stack, picture
from tests.support.hostile_images import HOPELESS, JPEG, ODD_NAMES, ON_ONE_LINE, PREFIX, REFUSED_BY_THE_MODEL


@pytest.fixture
def on_the_wire(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Functions and model service read the same S3, over HTTP."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with running_simulated_model([], s3_endpoint_url=url) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", service.url)
        settings.settings.cache_clear()
        client.cache_clear()
        stack.service = service
        stack.s3 = images.s3_client()
        yield stack
        load_worker.close_cached()
    client.cache_clear()
    server.stop()


def probed(stack: Stack, source: Source) -> tuple[dict[str, str], Counter[str], dict[str, Any]]:
    """Prepare, start and probe: the objects left out with reasons, the answers, the model's books."""
    names = stack.service.add_model(ModelTruth(tps_per_iu=1000, latency_mean_s=0.001, start_s=0, stop_s=0))
    stack.prepare({"modelArn": names["modelArn"], "images": {"prefix": PREFIX, "source": source}})
    while not stack.start():
        time.sleep(0.05)
    stack.probe()
    run, progress = run_store(stack.run_id).load()
    (probe,) = run_store(stack.run_id).steps()
    answers = Counter({"accepted": sum(probe.counts.accepted), "failed": sum(probe.counts.failed)})
    skipped = {image.key: image.reason for image in (*run.skipped, *progress.refused_images)}
    return skipped, answers, stack.service.model_report(names["modelArn"])


def test_an_image_of_any_name_is_sent(stack: Stack) -> None:
    for size, name in enumerate(ODD_NAMES, start=64):
        stack.upload(PREFIX + name, picture(size))

    skipped, answers, seen = probed(stack, "bytes")

    assert skipped == {}
    assert answers["accepted"] == seen["totals"]["accepted"] == seen["differentImages"] == len(ODD_NAMES)


def test_an_image_of_any_name_is_found_by_the_service(on_the_wire: Stack) -> None:
    for size, name in enumerate(ON_ONE_LINE, start=64):
        on_the_wire.upload(PREFIX + name, picture(size))

    skipped, answers, seen = probed(on_the_wire, "s3")

    assert skipped == {}
    assert answers["accepted"] == seen["totals"]["accepted"] == seen["differentImages"] == len(ON_ONE_LINE)


@pytest.mark.parametrize("source", ["bytes", "s3"])
def test_good_images_are_used_and_the_others_listed_with_their_reasons(on_the_wire: Stack, source: Source) -> None:
    for name, (body, _) in HOPELESS.items():
        on_the_wire.upload(PREFIX + name, body)
    for name, body in {**REFUSED_BY_THE_MODEL, "good.jpg": JPEG, "good.png": picture()}.items():
        on_the_wire.upload(PREFIX + name, body)

    skipped, answers, seen = probed(on_the_wire, source)

    assert skipped.keys() == {PREFIX + name for name in (*HOPELESS, *REFUSED_BY_THE_MODEL)}
    for name, (_, reason) in HOPELESS.items():
        assert skipped[PREFIX + name].startswith(reason)
    for name in REFUSED_BY_THE_MODEL:
        assert skipped[PREFIX + name].startswith("the model refused it: InvalidImageFormatException")
    assert answers == {"accepted": 2, "failed": len(REFUSED_BY_THE_MODEL)}
    assert seen["totals"]["accepted"] == 2


def test_nothing_but_hostile_objects_names_reasons(stack: Stack) -> None:
    for name, (body, _) in HOPELESS.items():
        stack.upload(PREFIX + name, body)

    with pytest.raises(NoUsableImages) as refused:
        chosen(stack)

    assert f"none of the {len(HOPELESS)} objects under s3://{BUCKET}/{PREFIX}" in refused.value.sentence
    assert sum(reason in refused.value.sentence for _, reason in HOPELESS.values()) >= 4


def chosen(stack: Stack, prefix: str = PREFIX, source: Source = "bytes") -> Selection:
    return choose_images(images.s3_client(), BUCKET, prefix, source)


@dataclass
class Counting:
    """An S3 client that counts what is asked of it."""

    client: Any
    gets: int = field(default=0, init=False)

    def get_paginator(self, operation: str) -> Any:
        return self.client.get_paginator(operation)

    def get_object(self, **wanted: Any) -> Any:
        self.gets += 1
        return self.client.get_object(**wanted)


@pytest.mark.parametrize(("name", "body"), [("{}.jpg", JPEG), ("{}.txt", b"no image")])
def test_5000_objects_take_a_bounded_number_of_looks(stack: Stack, name: str, body: bytes) -> None:
    contents = {PREFIX + name.format(index): body + bytes(index % 100) for index in range(4999)}
    s3 = Counting(ListedBucket({**contents, PREFIX + "needle.png": picture()}))

    selection = choose_images(s3, BUCKET, PREFIX, "bytes")

    assert s3.gets <= MAX_INSPECTED
    assert selection.object_count == 5000
    if body == JPEG:
        assert (len(selection.images), s3.gets) == (24, 24)
    else:
        assert [image.key for image in selection.images] == [PREFIX + "needle.png"]
        assert selection.skipped_total == MAX_INSPECTED - 1


def test_a_listing_that_s3_cuts_is_told(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(3):
        stack.upload(f"{PREFIX}{index}.jpg", JPEG)

    for most, cut in ((2, True), (3, False)):
        monkeypatch.setattr(image_listing, "MAX_LISTED", most)
        counted = chosen(stack).counted
        assert counted
        assert counted.listing_was_cut is cut


def test_a_haystack_without_a_needle_is_told_from_what_was_looked_at(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_search, "MAX_INSPECTED", 20)
    for index in range(25):
        stack.upload(f"{PREFIX}{index}.jpg", b"no image")

    with pytest.raises(NoUsableImages, match=r"none of the 20 looked at of the 25 objects"):
        chosen(stack)


def test_reports_are_never_taken_for_images(stack: Stack) -> None:
    stack.upload("good.png", picture())
    stack.upload("reports/run-1/report.png", picture())
    stack.upload("reports/run-1/result.json", b"{}")

    selection = chosen(stack, prefix="")

    assert [image.key for image in selection.images] == ["good.png"]
    assert {image.reason for image in selection.skipped} == {"reports/ is kept for the reports of runs"}
    with pytest.raises(NoUsableImages, match="reports/ is kept for the reports of runs"):
        chosen(stack, prefix="reports/")


def test_another_buckets_reports_folder_may_hold_images(stack: Stack) -> None:
    stack.s3.create_bucket(Bucket="theirs")
    stack.s3.put_object(Bucket="theirs", Key="reports/1.png", Body=picture())

    selection = choose_images(images.s3_client(), "theirs", "", "bytes")

    assert [image.key for image in selection.images] == ["reports/1.png"]


@dataclass
class Withholding(Counting):
    """An S3 that lists objects which it does not give out."""

    code: str
    status: int = 403

    def get_object(self, **wanted: Any) -> Any:
        answer = super().get_object(**wanted)
        if "withheld" in wanted["Key"]:
            error: Any = {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": self.status}}
            raise ClientError(error, "GetObject")
        return answer


@pytest.mark.parametrize("code", ["NoSuchKey", "InvalidObjectState", "AccessDenied"])
def test_an_object_that_is_not_given_out_is_skipped(stack: Stack, code: str) -> None:
    for name in ("withheld.jpg", "good.jpg"):
        stack.upload(PREFIX + name, JPEG)

    selection = choose_images(Withholding(images.s3_client(), code), BUCKET, PREFIX, "bytes")

    assert [image.key for image in selection.images] == [PREFIX + "good.jpg"]
    (skipped,) = selection.skipped
    assert skipped.reason.startswith(f"S3 does not give it out (An error occurred ({code})")


@pytest.mark.parametrize(
    ("code", "status", "error"), [("AccessDenied", 403, AccessDenied), ("SlowDown", 503, ClientError)]
)
def test_where_s3_gives_nothing_out_the_fault_is_not_the_images(
    stack: Stack, code: str, status: int, error: type[Exception]
) -> None:
    for index in range(100):
        stack.upload(f"{PREFIX}withheld {index}.jpg", JPEG)
    s3 = Withholding(images.s3_client(), code, status)

    with pytest.raises(error, match=code):
        choose_images(s3, BUCKET, PREFIX, "bytes")

    assert s3.gets <= 24


def test_what_is_listed_fits_a_table_and_an_output(stack: Stack) -> None:
    for index in range(100):
        stack.upload(f"{PREFIX}{index:03}{'é' * 500}", b"")
    stack.upload(PREFIX + "good.png", picture())

    selection = chosen(stack)

    told = json.dumps([image.key for image in selection.skipped], ensure_ascii=False).encode()
    assert selection.skipped_total == 100
    assert len(told) < 100_000
