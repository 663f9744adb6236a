"""Checks an incoming request's AWS Signature Version 4, with botocore's own signer where the key is known."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from local.simulated_model.errors import ServiceError

SERVICE = "rekognition"
ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW_S = 300
FIELDS = ("Credential", "SignedHeaders", "Signature")
SCOPE = re.compile(r"(?P<key>[\w+=.@-]+)/(?P<date>\d{8})/(?P<region>[a-z\d-]+)/(?P<service>[a-z\d-]+)/aws4_request")
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True)
class SignedRequest:
    """What a signature covers of one request. Header names in lower case; `host` is the Host header."""

    method: str
    path: str
    headers: Mapping[str, str]
    body_sha256: bytes


@dataclass(frozen=True)
class SignatureCheck:
    """The keys that are known and the Region that requests have to be signed for.

    Of a request with an unknown key the form, the scope, the date and, if it names its payload's hash,
    that hash are checked, unless unknown keys are refused altogether.
    """

    region: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    accept_unknown_keys: bool = True

    def verify(self, request: SignedRequest, now_s: float) -> str:
        """The access key ID that the request is signed with.

        Raises the ServiceError that the real service answers to a request signed wrongly.
        """
        signature = _authorization(request.headers)
        scope = _scope(signature["Credential"])
        signed_names = signature["SignedHeaders"].split(";")
        timestamp = self._check_scope_and_date(scope, request.headers, now_s)
        _check_signed_headers(signed_names, request.headers)
        _check_payload(request)
        secret = self.secrets.get(scope["key"])
        if secret is None:
            if self.accept_unknown_keys:
                return scope["key"]
            raise ServiceError("UnrecognizedClientException", "The security token included in the request is invalid.")
        expected = _Recomputed(scope["key"], secret, self.region).sign(request, signed_names, timestamp)
        if not compare_digest(expected, signature["Signature"]):
            raise ServiceError("InvalidSignatureException", MISMATCH)
        return scope["key"]

    def _check_scope_and_date(self, scope: re.Match[str], headers: Mapping[str, str], now_s: float) -> str:
        if scope["region"] != self.region:
            raise _invalid("Credential should be scoped to a valid region. ")
        if scope["service"] != SERVICE:
            raise _invalid(f"Credential should be scoped to correct service: '{SERVICE}'. ")
        timestamp = headers.get("x-amz-date", "")
        try:
            signed_at = datetime.datetime.strptime(timestamp, SIGV4_TIMESTAMP).replace(tzinfo=datetime.UTC)
        except ValueError as error:
            raise _incomplete(
                "Date must be in ISO-8601 'basic format'. Got '" + timestamp + "'. See http://en.wikipedia."
                "org/wiki/ISO_8601"
            ) from error
        if timestamp[:8] != scope["date"]:
            raise _invalid(
                f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                f"'{scope['date']}' != '{timestamp[:8]}', from '{timestamp}'."
            )
        if abs(signed_at.timestamp() - now_s) > MAX_SKEW_S:
            late = signed_at.timestamp() < now_s
            word, sides = ("expired", "earlier") if late else ("not yet current", "later")
            now = datetime.datetime.fromtimestamp(now_s, datetime.UTC).strftime(SIGV4_TIMESTAMP)
            raise _invalid(f"Signature {word}: {timestamp} is now {sides} than {now} (5 min.)")
        return timestamp


class _Recomputed(SigV4Auth):
    """botocore's signer, told which headers were signed and what the body's hash is."""

    def __init__(self, access_key: str, secret: str, region: str) -> None:
        super().__init__(Credentials(access_key, secret), SERVICE, region)
        self._signed = HTTPHeaders()
        self._body_sha256 = ""

    def sign(self, request: SignedRequest, signed_names: list[str], timestamp: str) -> str:
        """The signature that the request should carry."""
        for name in signed_names:
            self._signed[name] = request.headers.get(name, "")
        self._body_sha256 = request.body_sha256.hex()
        unsigned = AWSRequest(request.method, f"http://{request.headers.get('host', '')}{request.path}")
        unsigned.context["timestamp"] = timestamp
        return str(self.signature(self.string_to_sign(unsigned, self.canonical_request(unsigned)), unsigned))

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return self._signed

    def payload(self, request: AWSRequest) -> str:
        return self._body_sha256


def _authorization(headers: Mapping[str, str]) -> dict[str, str]:
    authorization = headers.get("authorization")
    if authorization is None:
        raise ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token")
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise _incomplete(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    given = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    missing = [name for name in FIELDS if not given.get(name)]
    if missing:
        raise _incomplete(
            " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
            + f" Authorization={authorization}"
        )
    if not re.fullmatch(r"[0-9a-f]{64}", given["Signature"]):
        raise ServiceError("InvalidSignatureException", MISMATCH)
    return given


def _scope(credential: str) -> re.Match[str]:
    scope = SCOPE.fullmatch(credential)
    if scope is None:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/term, got '{credential}'"
        )
    return scope


def _check_signed_headers(signed_names: list[str], headers: Mapping[str, str]) -> None:
    for name in ("host", "x-amz-date"):
        if name not in signed_names:
            raise _invalid(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    for name in headers:
        if name.startswith("x-amz-") and name not in signed_names:
            raise _invalid(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")


def _check_payload(request: SignedRequest) -> None:
    named = request.headers.get("x-amz-content-sha256")
    if named is not None and named not in ("UNSIGNED-PAYLOAD", request.body_sha256.hex()):
        raise _invalid("The provided 'x-amz-content-sha256' header does not match what was computed.")


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidSignatureException", message)


def _incomplete(message: str) -> ServiceError:
    return ServiceError("IncompleteSignatureException", message)
