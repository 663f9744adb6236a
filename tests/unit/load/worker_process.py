"""One worker's part of a step in a process of its own: `python -m tests.unit.load.worker_process URL MODEL_ARN`.

Prints a line when the load is on, and the counts when it is over.
"""

from __future__ import annotations

import json
import sys
import threading
import time

from botocore.credentials import Credentials

from lambdas.load.generator import LoadGenerator
from lambdas.load.step import StepPlan
from lambdas.models.rekognition.data_plane import LoadConnection
from lambdas.models.rekognition.request import RequestSigner, request_with_bytes
from lambdas.runs.store_items import counts_item
from local.sample_images import noise_png

PLAN = StepPlan("ramp", lanes=4, workers=1, base_s=4, extended_s=4, max_s=4)


def main(url: str, model_arn: str) -> None:
    signer = RequestSigner(url, "us-east-1", Credentials("test", "test"))
    connections = [LoadConnection(signer) for _ in range(PLAN.lanes)]
    generator = LoadGenerator(PLAN, 0, connections, [request_with_bytes(model_arn, noise_png(1000))])

    def tell() -> None:
        while not all(connection.bytes_on_wire for connection in connections):
            time.sleep(0.01)
        print("loading", flush=True)

    threading.Thread(target=tell).start()
    print(json.dumps(counts_item(generator.run(time.time() + 0.1, lambda: True))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
