"""CPU per image of a worker of batches and uploads: the request, the result file, the search for an earlier one.

The model and S3 run in processes of their own; only this process is measured. `python -m bench.wire.image_work
[--images 1000]`.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from botocore.credentials import Credentials

from iu_tuner.contract.detections import ListedImage
from lambdas.models.ports import Connection
from lambdas.models.rekognition.data_plane import CustomLabelsDetector
from lambdas.models.rekognition.facts import FACTS
from lambdas.models.rekognition.request import RequestSigner
from lambdas.processing.image_result import Question, ResultKeys
from lambdas.processing.image_work import ImageWork, Processing
from lambdas.processing.outcomes import Outcome, Rules
from lambdas.processing.result_store import ResultStore
from local.embedded_aws import embedded_aws
from local.sample_images import sample_images
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import running_simulated_model

BUCKET = "images"
SHARD = 250  # images that one listing of results is for
THREADS = 4
# Images per second and vCPU: with a file each, and with lines only.
TARGETS = {"a file each": 150.0, "lines only": 600.0}


def main() -> int:
    """Print the table; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    number = parser.parse_args().images
    fast = ModelTruth(tps_per_iu=100_000, burst_s=10, latency_mean_s=0.005, latency_cv=0.0)
    setup = ModelSetup(truth=fast, status="RUNNING", inference_units=1)
    with embedded_aws() as aws, running_simulated_model([setup], s3_endpoint_url=aws.url) as model:
        s3, content = aws.client("s3"), next(iter(sample_images(1).values()))
        s3.create_bucket(Bucket=BUCKET)
        images = [ListedImage(f"incoming/{each:05}.jpg", "", len(content)) for each in range(number)]
        for image in images:
            s3.put_object(Bucket=BUCKET, Key=image.key, Body=content)
        signer = RequestSigner(model.url, "us-east-1", Credentials("test", "test"))
        detector = CustomLabelsDetector(model.model_arns[0], signer)
        store = ResultStore(s3, BUCKET, BUCKET, ResultKeys("results/"))
        processing = Processing(Question(model.model_arns[0], BUCKET), Rules(FACTS), detector, store)
        _images_per_cpu_s(images[:SHARD], processing, has_files=False)  # the model reads the images into its cache
        rates = {name: _images_per_cpu_s(images, processing, has_files=name == "a file each") for name in TARGETS}
    print(f"| worker, {THREADS} threads, {number:,} images named in S3 | images/s per vCPU | CPU per image | target |")
    print("|---|---|---|---|")
    for name, rate in rates.items():
        print(f"| {name} | {rate:.0f} | {1000 / rate:.2f} ms | {TARGETS[name]:.0f} |")
    return 0 if all(rate >= TARGETS[name] for name, rate in rates.items()) else 1


def _images_per_cpu_s(images: list[ListedImage], processing: Processing, *, has_files: bool) -> float:
    """Images per second of this process's CPU."""
    processing = replace(processing, has_files=has_files)
    connections = [processing.detector.connection() for _ in range(THREADS)]
    cpu_s = time.process_time()
    for start in range(0, len(images), SHARD):
        shard = images[start : start + SHARD]
        if has_files:
            processing.store.list_results(shard)
        works = [ImageWork(image, processing) for image in shard]
        todo = iter(works)
        threads = [threading.Thread(target=_lane, args=(todo, connection)) for connection in connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lines = [work.detections.to_line() for work in works if work.detections is not None]
        assert len(lines) == len(shard) == sum(work.outcome is Outcome.DONE for work in works)
    cpu_s = time.process_time() - cpu_s
    for connection in connections:
        connection.close()
    return len(images) / cpu_s


def _lane(todo: Iterator[ImageWork], connection: Connection) -> None:
    for work in todo:
        sent_s = time.perf_counter()
        while (prepared := work.prepare()) is not None:
            if not work.finish(connection.send(prepared), 1000 * (time.perf_counter() - sent_s)):
                break


if __name__ == "__main__":
    sys.exit(main())
