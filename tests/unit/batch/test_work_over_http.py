"""A round with the real sender at a shared pace, over HTTP: its account and the simulated model's books agree."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import reduce
from hashlib import sha256

from botocore.credentials import Credentials

from iu_tuner.contract.batch.output import BatchImages
from lambdas.batch.shard_task import ShardTask
from lambdas.batch.shards.listed_object import ListedObject, as_file
from lambdas.batch.shards.names import shard_key
from lambdas.batch.shards.record import Shards, Traffic
from lambdas.batch.shards.store import ShardFiles
from lambdas.batch.work import RoundWork
from lambdas.models.rekognition.data_plane import CustomLabelsDetector
from lambdas.models.rekognition.facts import FACTS
from lambdas.models.rekognition.request import RequestSigner
from lambdas.processing.first_pace import MeasuredRate, first_pace
from lambdas.processing.image_result import Question, ResultKeys
from lambdas.processing.image_work import Processing
from lambdas.processing.outcomes import Rules
from lambdas.processing.result_store import ResultStore
from lambdas.processing.sending import Sent, send_paced
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import running_simulated_model
from simulation.samples.pictures import jpeg
from tests.unit.batch.memory import MemoryS3, MemoryTable
from tests.unit.processing.memory_pace import MemoryPace

BUCKET, RUN, TPS, LATENCY_S = "images", "run-1", 25.0, 0.03
IMAGES = 90


def test_a_round_answers_each_image_once_although_the_model_throttles() -> None:
    s3, table = MemoryS3(), MemoryTable()
    files = ShardFiles(s3, BUCKET, RUN)
    images = {f"incoming/{number:03}.jpg": jpeg(filling=number) for number in range(IMAGES)}
    for key, image in images.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=image, ContentType="image/jpeg")
    listed = [ListedObject(key, "e", len(image)) for key, image in images.items()]
    for number in range(3):
        files.write(shard_key(RUN, number), as_file(listed[number::3]))
    table.create(Shards(3, BatchImages(listed=IMAGES)))
    table.plan(table.load().next_round(table.records()))

    with running_simulated_model([]) as server:
        truth = ModelTruth(tps_per_iu=TPS, latency_mean_s=LATENCY_S)
        arn = server.add_model(ModelSetup(truth=truth, status="RUNNING"))["modelArn"]
        detector = CustomLabelsDetector(arn, RequestSigner(server.url, "us-east-1", Credentials("test", "test")))
        store = ResultStore(s3, BUCKET, BUCKET, ResultKeys("results/"))
        processing = Processing(Question(arn, BUCKET), Rules(FACTS), detector, store, "bytes", has_files=False)
        pace = MemoryPace(first_pace(1, MeasuredRate(2 * TPS, LATENCY_S)))  # so the model throttles

        def send(tasks: Iterator[ShardTask | None]) -> Sent:
            return send_paced(tasks, pace, detector.connection, until=time.time() + 30)

        RoundWork(table, files, processing, now=time.time).run(send, until=time.time() + 30)
        books, totals = server.image_books(arn), server.model_report(arn)["totals"]

    tally = table.load().tally(table.records())
    traffic = reduce(Traffic.plus, (record.traffic for record in table.records()), Traffic())
    assert (tally.done, tally.failed, tally.left) == (IMAGES, 0, 0)
    answered = {image: counts["accepted"] for image, counts in books.items()}
    assert answered == {sha256(image).hexdigest(): 1 for image in images.values()}
    assert (traffic.requests, traffic.throttled) == (totals["sent"], totals["throttled"])
    assert totals["throttled"] > 0
    assert sum(traffic.latencies.values()) == totals["accepted"] == IMAGES
    assert traffic.paced_seconds > 0
