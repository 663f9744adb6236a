"""What the usual script does: Locust users call boto3's `detect_custom_labels` in a loop.

`python -m bench.wire.boto3_through_locust URL MODEL_ARN REQUESTS` prints CPU ms per request and requests/s.
"""

# ruff: noqa: E402  gevent has to patch before anything else is imported
from gevent import monkey

monkey.patch_all()

import sys
import time

import boto3
import gevent
from botocore.config import Config
from locust import User, constant, task
from locust.env import Environment

from local.sample_images import noise_png

USERS = 8
IMAGE_BYTES = 100_000


def main(url: str, model_arn: str, requests: int) -> None:
    """Run the users until so many requests are done, and print what they took."""
    picture, done = noise_png(IMAGE_BYTES), [0]

    class Caller(User):
        wait_time = constant(0)

        def on_start(self) -> None:
            self.client = boto3.client(
                "rekognition",
                endpoint_url=url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"mode": "standard", "max_attempts": 1}),
            )

        @task
        def detect(self) -> None:
            started = time.perf_counter()
            self.client.detect_custom_labels(ProjectVersionArn=model_arn, Image={"Bytes": picture})
            self.environment.events.request.fire(
                request_type="POST",
                name="detect",
                response_time=1000 * (time.perf_counter() - started),
                response_length=0,
                exception=None,
            )
            done[0] += 1

    runner = Environment(user_classes=[Caller]).create_local_runner()
    runner.start(USERS, spawn_rate=100)
    while done[0] < 5 * USERS:  # clients made, connections open
        gevent.sleep(0.05)
    before, cpu, wall = done[0], time.process_time(), time.perf_counter()
    while done[0] < before + requests:
        gevent.sleep(0.05)
    counted = done[0] - before
    print(1000 * (time.process_time() - cpu) / counted, counted / (time.perf_counter() - wall))
    runner.quit()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
