"""Measures what the simulated model carries: `python -m bench.wire.throughput_check` (bounded load)."""

import argparse
import json
import os
import socket
import threading
import time
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import running_simulated_model
from local.simulated_model.wire.protocol import DETECT, JSON_1_1, TARGET_PREFIX

# A JPEG's start with a frame of 640 x 480: all that the service looks at.
JPEG_START = bytes.fromhex("ffd8ffc0001108 01e0 0280 03 012200 021101 031101")


def signed_request(url: str, model_arn: str, image: bytes, access_key: str = "test") -> bytes:
    """One DetectCustomLabels as bytes for the wire, good to be sent again for five minutes."""
    body = json.dumps({"ProjectVersionArn": model_arn, "Image": {"Bytes": b64encode(image).decode()}}).encode()
    headers = {"Content-Type": JSON_1_1, "X-Amz-Target": TARGET_PREFIX + DETECT, "Host": urlsplit(url).netloc}
    request = AWSRequest("POST", f"{url}/", headers=headers, data=body)
    SigV4Auth(Credentials(access_key, "test"), "rekognition", "us-east-1").add_auth(request)
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    head = "\r\n".join(["POST / HTTP/1.1", *lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode() + body


def send_for(url: str, wire_bytes: bytes, seconds: float, lanes: int) -> tuple[int, float]:
    """Sends over so many kept-alive connections at once; (answers with status 200, seconds it took)."""
    address = (urlsplit(url).hostname, urlsplit(url).port)
    counts = [0] * lanes
    end_s = time.monotonic() + seconds

    def lane(number: int) -> None:
        with socket.create_connection(address) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.monotonic() < end_s:
                connection.sendall(wire_bytes)
                # The answer is one small write: it comes in one piece.
                if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
                    raise RuntimeError("an answer other than 200")
                counts[number] += 1

    started_s = time.monotonic()
    threads = [threading.Thread(target=lane, args=(number,)) for number in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), time.monotonic() - started_s


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used so far (Linux)."""
    used = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Prints answers per second and the server's CPU per answer, for a few sizes of image."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="per size (at most 30)")
    parser.add_argument("--lanes", type=int, default=8, help="connections (at most 64)")
    parser.add_argument("--kilobytes", type=int, nargs="+", default=[1, 100, 1000])
    arguments = parser.parse_args()
    truth = ModelTruth(tps_per_iu=100_000, latency_mean_s=0, latency_cv=0)
    with running_simulated_model([ModelSetup(truth=truth, status="RUNNING")]) as model:
        for kilobytes in arguments.kilobytes:
            image = JPEG_START + bytes(1000 * kilobytes)
            wire_bytes = signed_request(model.url, model.model_arns[0], image)
            used_s = cpu_s(model.pid)
            answers, took_s = send_for(model.url, wire_bytes, min(arguments.seconds, 30), min(arguments.lanes, 64))
            each_ms = 1000 * (cpu_s(model.pid) - used_s) / answers
            print(
                f"{kilobytes:5} kB: {answers / took_s:7.0f} answers/s, {each_ms:.3f} ms of server CPU each "
                f"({1000 / each_ms:.0f}/s on a whole core)"
            )


if __name__ == "__main__":
    main()
