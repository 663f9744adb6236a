"""A signature made by botocore passes; one that is wrong in any part is refused as AWS would."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.simulated_model.errors import ServiceError
from local.simulated_model.sigv4 import SignatureCheck, SignedRequest

BODY = b'{"ProjectVersionArn": "x"}'
CHECK = SignatureCheck("us-east-1", {"known": "secret"})


def signed(key="known", secret="secret", service="rekognition", region="us-east-1", token=None):
    headers = {"X-Amz-Target": "RekognitionService.DetectCustomLabels", "Host": "127.0.0.1:8000"}
    request = AWSRequest("POST", "http://127.0.0.1:8000/", headers=headers, data=BODY)
    SigV4Auth(Credentials(key, secret, token), service, region).add_auth(request)
    lower = {name.lower(): value for name, value in request.headers.items()}
    return SignedRequest("POST", "/", lower, hashlib.sha256(BODY).digest())


def with_header(request: SignedRequest, name: str, change) -> SignedRequest:
    headers = dict(request.headers)
    headers[name] = change(headers.get(name, ""))
    return replace(request, headers=headers)


def code(request: SignedRequest, check: SignatureCheck = CHECK, later_s: float = 0) -> str | None:
    try:
        check.verify(request, datetime.now(UTC).timestamp() + later_s)
    except ServiceError as error:
        return error.code
    return None


@pytest.mark.parametrize("token", [None, "a-session-token"])
def test_a_signature_by_botocore_passes(token):
    assert code(signed(token=token)) is None


def authorization(request, change):
    return with_header(request, "authorization", change)


WRONG = {
    "other secret": (signed(secret="guess"), "InvalidSignatureException"),
    "other body": (replace(signed(), body_sha256=hashlib.sha256(b"{}").digest()), "InvalidSignatureException"),
    "other path": (replace(signed(), path="/x"), "InvalidSignatureException"),
    "other target": (with_header(signed(), "x-amz-target", lambda _: "Other"), "InvalidSignatureException"),
    "other host": (with_header(signed(), "host", lambda _: "elsewhere"), "InvalidSignatureException"),
    "other service": (signed(service="s3"), "InvalidSignatureException"),
    "other region": (signed(region="eu-west-1"), "InvalidSignatureException"),
    "no authorization": (replace(signed(), headers={"host": "x"}), "MissingAuthenticationTokenException"),
    "other algorithm": (authorization(signed(), lambda _: "AWS3 Credential=x"), "IncompleteSignatureException"),
    "no signature": (
        authorization(signed(), lambda given: given.partition(", Signature")[0]),
        "IncompleteSignatureException",
    ),
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
        # Of an unknown key, lest the signature itself be what fails.
        authorization(signed("unknown"), lambda given: given.replace("=host;", "=")),
        "InvalidSignatureException",
    ),
    "target not signed": (
        authorization(signed("unknown"), lambda given: given.replace(";x-amz-target", "")),
        "InvalidSignatureException",
    ),
    "other payload hash": (
        authorization(
            with_header(signed("unknown"), "x-amz-content-sha256", lambda _: "0" * 64),
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


def test_unknown_keys_pass_by_form_or_are_refused_altogether():
    strict = replace(CHECK, accept_unknown_keys=False)

    assert code(signed(key="unknown")) is None
    assert code(signed(key="unknown"), strict) == "UnrecognizedClientException"
    assert code(signed(), strict) is None
