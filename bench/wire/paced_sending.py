"""`python -m bench.wire.paced_sending`: the CPU of a worker that sends at a pace, per image, over loopback HTTP."""

from __future__ import annotations

import io
import json
import sys
import time

import boto3
from botocore.credentials import Credentials
from PIL import Image

from lambdas.models.outcomes import Reply
from lambdas.models.ports import PreparedRequest
from lambdas.models.rekognition.data_plane import CustomLabelsDetector
from lambdas.models.rekognition.request import RequestSigner
from lambdas.processing.first_pace import MeasuredRate, first_pace
from lambdas.processing.pace import Pace, Report
from lambdas.processing.pacer import after
from lambdas.processing.sending import send_paced
from lambdas.processing.slots import Slots, reserve
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import running_simulated_model

IMAGES, TPS, LATENCY_S = 600, 60.0, 0.05


class _Pace:
    """A pace in memory: the table's write once a second is not in the figure."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def exchange(
        self,
        report: Report,
        now: float,
        *,
        wanted_slots: int | None = None,
        returned_slots: tuple[float, float] | None = None,
    ) -> Slots:
        self._pace, slots = reserve(after(self._pace, report, now), now, "batch", 1, wanted_slots)
        return slots


class _Sent:
    """An image sent as bytes, without a result to store."""

    def __init__(self, prepared: PreparedRequest) -> None:
        self._prepared = prepared

    def prepare(self) -> PreparedRequest:
        return self._prepared

    def finish(self, reply: Reply, ms: float) -> bool:
        return False


def main() -> int:
    """The command; returns its exit code."""
    with running_simulated_model([ModelTruth(tps_per_iu=TPS * 2, start_s=0.0, latency_mean_s=LATENCY_S)]) as server:
        arn = server.model_arns[0]
        client = boto3.client(
            "rekognition",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
        while server.model_report(arn)["status"] != "RUNNING":
            time.sleep(0.05)
        detector = CustomLabelsDetector(arn, RequestSigner(server.url, "us-east-1", Credentials("test", "test")))
        picture = io.BytesIO()
        Image.effect_noise((64, 64), 60).save(picture, "PNG")
        tasks = (_Sent(detector.request_with_bytes(picture.getvalue())) for _ in range(IMAGES))
        pace = _Pace(first_pace(1, MeasuredRate(TPS, LATENCY_S)))
        sent = send_paced(tasks, pace, detector.connection, until=time.time() + 300)
        ms = 1000 * sent.cpu_s / sent.requests
        print(json.dumps({"requests": sent.requests, "cpuMsPerImage": round(ms, 3), "imagesPerVcpu": round(1000 / ms)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
