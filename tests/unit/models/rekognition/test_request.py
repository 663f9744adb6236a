"""The load client's requests are signed as an unchanged botocore signs them."""

from __future__ import annotations

import hashlib
import re

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lambdas.models.rekognition.request import RequestSigner, request_with_bytes, request_with_object

MODEL = "arn:aws:rekognition:us-east-1:123456789012:project/p/version/v/1"


@pytest.mark.parametrize("prepared", [request_with_bytes(MODEL, b"image"), request_with_object(MODEL, "b", "k")])
@pytest.mark.parametrize("token", [None, "a-session-token"])
@pytest.mark.parametrize("endpoint", ["https://rekognition.us-east-1.amazonaws.com", "http://127.0.0.1:8000"])
def test_the_signature_is_botocore_s(prepared, token, endpoint):
    credentials = Credentials("known", "secret", token)
    head = RequestSigner(endpoint, "us-east-1", credentials).head(prepared).decode("latin-1")
    sent = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)

    again = AWSRequest("POST", f"{endpoint}/", data=prepared.body)
    for name in re.findall("SignedHeaders=([^,]+)", sent["Authorization"])[0].split(";"):
        again.headers[name] = next(value for key, value in sent.items() if key.lower() == name)
    again.context["timestamp"] = sent["X-Amz-Date"]
    signer = SigV4Auth(credentials, "rekognition", "us-east-1")
    expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)

    assert sent["Authorization"].endswith(f"Signature={expected}")
    assert sent["X-Amz-Content-SHA256"] == hashlib.sha256(prepared.body).hexdigest()
