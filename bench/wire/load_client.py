"""CPU per request of the load client with both services, beside boto3 in threads, and beside boto3 driven by Locust.

All send the same image to the same server on loopback, over TLS 1.3 with session tickets, one client after
the other in one run; the ratio is what counts, for the machine may be shared. boto3 talks to Rekognition.
`python -m bench.wire.load_client [--requests 2000]`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

from lambdas.models.lookout_vision.data_plane import AnomalyDetector
from lambdas.models.ports import Detector
from lambdas.models.rekognition.data_plane import CustomLabelsDetector
from lambdas.models.rekognition.request import RequestSigner
from lambdas.models.wire.signer import Signer
from local.sample_images import noise_png
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from local.simulated_model.wire.certificate import LOOPBACK, make_certificate

IMAGE_BYTES = 100_000
LANES = 8  # as in bench.wire.boto3_through_locust
TARGET_MS = 0.6


@dataclass(frozen=True)
class Spent:
    """CPU milliseconds per request, and requests per second of wall time."""

    cpu_ms: float
    per_second: float


def main() -> int:
    """Print the table; exit code 1 when the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    requests = parser.parse_args().requests
    fast = ModelTruth(tps_per_iu=100_000, burst_s=10, latency_mean_s=0.005, latency_cv=0.0)
    setups = [
        ModelSetup(truth=fast, status="RUNNING", inference_units=1, service=service)
        for service in ("rekognition", "lookoutvision")
    ]
    with tempfile.TemporaryDirectory() as folder:
        certificate = str(make_certificate(Path(folder)))
        _only_loopback(certificate)
        with running_simulated_model(setups, certificate=certificate) as service:
            custom_labels, anomalies = service.model_arns
            place = (service.url, "us-east-1", Credentials("test", "test"))
            spent = {
                "load client": load_client(CustomLabelsDetector(custom_labels, RequestSigner(*place)), requests),
                "load client, Lookout for Vision": load_client(
                    AnomalyDetector(anomalies, lambda: Signer("lookoutvision", *place)), requests
                ),
                "boto3, in threads": plain_boto3(service, requests),
                "boto3 through Locust": boto3_through_locust(service, requests),
            }
    client = f"client, {LANES} lanes, {IMAGE_BYTES // 1000} kB images, TLS 1.3"
    print(f"| {client} | CPU per request | times the load client's | requests/s on loopback |")
    print("|---|---|---|---|")
    ours = spent["load client"].cpu_ms
    for name, each in spent.items():
        print(f"| {name} | {each.cpu_ms:.2f} ms | {each.cpu_ms / ours:.1f} | {each.per_second:.0f} |")
    return 0 if ours <= TARGET_MS else 1


def _only_loopback(certificate: str) -> None:
    """Nothing of the machine's AWS settings or proxies has a say, here and in the processes that are started."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CA_BUNDLE": certificate, "NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK}


def load_client(detector: Detector, requests: int) -> Spent:
    """The project's own client, a thread and a connection per lane."""
    prepared = detector.request_with_bytes(noise_png(IMAGE_BYTES))

    def lane() -> Callable[[], None]:
        connection = detector.connection()

        def send() -> None:
            reply = connection.send(prepared)
            assert reply.outcome == "accepted", reply

        return send

    return _spent([lane() for _ in range(LANES)], requests)


def plain_boto3(service: RunningSimulatedModel, requests: int) -> Spent:
    """boto3's `detect_custom_labels`, a thread and a client per lane."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    model_arn, image = service.model_arns[0], noise_png(IMAGE_BYTES)

    def lane() -> Callable[[], object]:
        once = Config(retries={"mode": "standard", "total_max_attempts": 1})
        client = session.client("rekognition", endpoint_url=service.url, config=once)
        return lambda: client.detect_custom_labels(ProjectVersionArn=model_arn, Image={"Bytes": image})

    return _spent([lane() for _ in range(LANES)], requests)


def _spent(lanes: Sequence[Callable[[], object]], requests: int) -> Spent:
    """What it takes when each lane sends its share in a thread; a first request each is not counted."""

    def share(send: Callable[[], object]) -> None:
        for _ in range(requests // len(lanes)):
            send()

    for send in lanes:
        send()
    threads = [threading.Thread(target=share, args=(send,)) for send in lanes]
    cpu, wall = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - wall
    return Spent(1000 * cpu_s / requests, requests / wall_s)


def boto3_through_locust(service: RunningSimulatedModel, requests: int) -> Spent:
    """In a process of its own: gevent patches a whole process."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.wire.boto3_through_locust", service.url, service.model_arns[0], str(requests)],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
        timeout=300,
    )
    cpu_ms, per_second = map(float, done.stdout.split())
    return Spent(cpu_ms, per_second)


if __name__ == "__main__":
    sys.exit(main())
