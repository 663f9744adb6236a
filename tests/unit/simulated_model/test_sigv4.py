"""A signature made by botocore passes; one whose form, scope, date, headers or payload hash is wrong does not."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.simulated_model.errors import ServiceError
from local.simulated_model.wire.sigv4 import SignatureCheck

BODY = b'{"ProjectVersionArn": "x"}'
CHECK = SignatureCheck("us-east-1")


@dataclass(frozen=True)
class SignedRequest:
    headers: dict[str, str]
    body_sha256: bytes


def signed(service="rekognition", region="us-east-1", token=None):
    headers = {"X-Amz-Target": "RekognitionService.DetectCustomLabels", "Host": "127.0.0.1:8000"}
    request = AWSRequest("POST", "http://127.0.0.1:8000/", headers=headers, data=BODY)
    SigV4Auth(Credentials("known", "secret", token), service, region).add_auth(request)
    lower = {name.lower(): value for name, value in request.headers.items()}
    return SignedRequest(lower, hashlib.sha256(BODY).digest())


def with_header(request: SignedRequest, name: str, change) -> SignedRequest:
    headers = dict(request.headers)
    headers[name] = change(headers.get(name, ""))
    return replace(request, headers=headers)


def code(request: SignedRequest, later_s: float = 0) -> str | None:
    try:
        CHECK.verify(request.headers, request.body_sha256, datetime.now(UTC).timestamp() + later_s)
    except ServiceError as error:
        return error.code
    return None


@pytest.mark.parametrize("token", [None, "a-session-token"])
def test_a_signature_by_botocore_passes(token):
    assert code(signed(token=token)) is None


def authorization(request, change):
    return with_header(request, "authorization", change)


WRONG = {
    "other service": (signed(service="s3"), "InvalidSignatureException"),
    "other region": (signed(region="eu-west-1"), "InvalidSignatureException"),
    "no authorization": (replace(signed(), headers={"host": "x"}), "MissingAuthenticationTokenException"),
    "other algorithm": (authorization(signed(), lambda _: "AWS3 Credential=x"), "IncompleteSignatureException"),
    "no signature": (
        authorization(signed(), lambda given: given.partition(", Signature")[0]),
        "IncompleteSignatureException",
    ),
    "half a signature": (authorization(signed(), lambda given: given[:-1]), "InvalidSignatureException"),
    "no scope": (
        authorization(signed(), lambda given: given.replace("/aws4_request", "")),
        "IncompleteSignatureException",
    ),
    "no date": (with_header(signed(), "x-amz-date", lambda _: "today"), "IncompleteSignatureException"),
    "other day in the scope": (
        authorization(signed(), lambda given: given.replace("known/20", "known/19")),
        "InvalidSignatureException",
    ),
    "host not signed": (
        authorization(signed(), lambda given: given.replace("=host;", "=")),
        "InvalidSignatureException",
    ),
    "target not signed": (
        authorization(signed(), lambda given: given.replace(";x-amz-target", "")),
        "InvalidSignatureException",
    ),
    "other payload hash": (
        authorization(
            with_header(signed(), "x-amz-content-sha256", lambda _: "0" * 64),
            lambda given: given.replace("=host;", "=host;x-amz-content-sha256;"),
        ),
        "InvalidSignatureException",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_refused(what):
    request, expected = WRONG[what]

    assert code(request) == expected


@pytest.mark.parametrize(("later_s", "expected"), [(280, None), (320, "refused"), (-320, "refused")])
def test_a_signature_is_good_for_five_minutes(later_s, expected):
    assert code(signed(), later_s=later_s) == ("InvalidSignatureException" if expected else None)
