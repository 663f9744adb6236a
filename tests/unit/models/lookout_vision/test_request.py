"""The requests of Lookout for Vision: raw bytes, a path for each operation, botocore's signature."""

from __future__ import annotations

import re

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from iu_tuner.contract.errors import InvalidInput
from lambdas.models.lookout_vision.data_plane import AnomalyDetector
from lambdas.models.lookout_vision.request import look_request, request_with_bytes, start_request, stop_request
from lambdas.models.ports import PreparedRequest
from lambdas.models.rekognition.request import request_with_bytes as rekognition_request
from lambdas.models.wire.signer import Signer
from simulation.samples.pictures import jpeg, png

MODEL = "arn:aws:lookoutvision:us-east-1:123456789012:model/boards/3"
VERSION = "arn:aws:rekognition:us-east-1:123456789012:project/boards/version/v/1"
ENDPOINT = "http://127.0.0.1:8000"


@pytest.mark.parametrize(("image", "kind"), [(jpeg(), "image/jpeg"), (png(), "image/png")])
def test_an_image_is_sent_as_it_is(image: bytes, kind: str) -> None:
    request = request_with_bytes(MODEL, image)

    assert (request.body, request.headers["Content-Type"]) == (image, kind)
    assert request.path == "/2020-11-20/projects/boards/models/3/detect"


def test_raw_bytes_are_a_quarter_less_than_base64() -> None:
    image = bytes(30_000)

    assert len(request_with_bytes(MODEL, image).body) <= 0.75 * len(rekognition_request(VERSION, image).body)


def test_an_image_in_s3_is_refused() -> None:
    signer = Signer("lookoutvision", ENDPOINT, "us-east-1", Credentials("known", "secret"))
    detector = AnomalyDetector(MODEL, lambda: signer)

    with pytest.raises(InvalidInput, match='images.source: got "s3"; Lookout for Vision takes "bytes"'):
        detector.request_with_object("bucket", "key")


@pytest.mark.parametrize(
    ("prepared", "line"),
    [
        (look_request(MODEL), "GET /2020-11-20/projects/boards/models/3 HTTP/1.1"),
        (start_request(MODEL, 1, 3, "token"), "POST /2020-11-20/projects/boards/models/3/start HTTP/1.1"),
        (stop_request(MODEL, "token"), "POST /2020-11-20/projects/boards/models/3/stop HTTP/1.1"),
        (request_with_bytes(MODEL, b"image"), "POST /2020-11-20/projects/boards/models/3/detect HTTP/1.1"),
    ],
)
def test_the_signature_is_botocore_s_and_covers_the_token(prepared: PreparedRequest, line: str) -> None:
    credentials = Credentials("known", "secret")
    head = Signer("lookoutvision", ENDPOINT, "us-east-1", credentials).head(prepared).decode("latin-1")
    first, *fields = head.split("\r\n")
    sent = dict(field.split(": ", 1) for field in fields if field)

    signed = re.findall("SignedHeaders=([^,]+)", sent["Authorization"])[0].split(";")
    again = AWSRequest(prepared.method, f"{ENDPOINT}{prepared.path}", data=prepared.body)
    for name in signed:
        again.headers[name] = next(value for key, value in sent.items() if key.lower() == name)
    again.context["timestamp"] = sent["X-Amz-Date"]
    signer = SigV4Auth(credentials, "lookoutvision", "us-east-1")
    expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)

    assert first == line
    assert sent["Authorization"].endswith(f"Signature={expected}")
    assert ("X-Amzn-Client-Token" in sent) == ("x-amzn-client-token" in signed)
    assert sent["Content-Length"] == str(len(prepared.body))
