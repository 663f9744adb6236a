"""CPU per request of the load client, beside boto3's `detect_custom_labels` driven by Locust.

Both send the same image to the same server on loopback, one after the other in one run; the ratio is
what counts, for the machine may be shared. `python -m bench.load_client [--requests 2000]`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

from botocore.credentials import Credentials

from lambdas.adapters.load_client import LoadConnection, request_with_bytes
from local.sample_images import noise_png
from local.simulated_model.account import ModelSetup
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from local.simulated_model.truth import ModelTruth

IMAGE_BYTES = 100_000
LANES = 8  # as in bench.boto3_through_locust
TARGET_MS = 1.0


@dataclass(frozen=True)
class Spent:
    """CPU milliseconds per request, and requests per second of wall time."""

    cpu_ms: float
    per_second: float


def main() -> int:
    """Print the table; exit code 1 when the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    arguments = parser.parse_args()
    fast = ModelTruth(tps_per_iu=100_000, burst_s=10, latency_mean_s=0.005, latency_cv=0.0)
    with running_simulated_model([ModelSetup(truth=fast, status="RUNNING", inference_units=1)]) as service:
        ours = load_client(service, arguments.requests)
        theirs = _in_process_of_its_own(service, arguments.requests)
    print(
        f"| client, {LANES} lanes, {IMAGE_BYTES // 1000} kB images | CPU per request | requests/s on loopback |"
    )
    print("|---|---|---|")
    print(f"| load client | {ours.cpu_ms:.2f} ms | {ours.per_second:.0f} |")
    print(f"| boto3 through Locust | {theirs.cpu_ms:.2f} ms | {theirs.per_second:.0f} |")
    print(f"| ratio | {theirs.cpu_ms / ours.cpu_ms:.1f} | |")
    return 0 if ours.cpu_ms <= TARGET_MS else 1


def load_client(service: RunningSimulatedModel, requests: int) -> Spent:
    """The project's own client, a thread per lane."""
    prepared = request_with_bytes(service.model_arns[0], noise_png(IMAGE_BYTES))
    lanes = [LoadConnection(service.url, "us-east-1", Credentials("test", "test")) for _ in range(LANES)]

    def lane(connection: LoadConnection) -> None:
        for _ in range(requests // LANES):
            reply = connection.send(prepared)
            assert reply.outcome == "accepted", reply
        connection.close()

    threads = [threading.Thread(target=lane, args=(connection,)) for connection in lanes]
    cpu, wall = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - wall
    return Spent(1000 * cpu_s / requests, requests / wall_s)


def _in_process_of_its_own(service: RunningSimulatedModel, requests: int) -> Spent:
    """gevent patches a whole process, so Locust gets one."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.boto3_through_locust",
            service.url,
            service.model_arns[0],
            str(requests),
        ],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
        timeout=300,
        env={key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
    )
    cpu_ms, per_second = map(float, done.stdout.split())
    return Spent(cpu_ms, per_second)


if __name__ == "__main__":
    sys.exit(main())
