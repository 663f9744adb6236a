"""Checks the AWS Signature Version 4 of a request: form, scope, date, signed headers, payload hash.

It does not verify the signature itself: a test of the load client shows that it signs as botocore does.
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

from local.simulated_model.errors import ServiceError

TIMESTAMP = "%Y%m%dT%H%M%SZ"
ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW_S = 300
FIELDS = ("Credential", "SignedHeaders", "Signature")
SCOPE = re.compile(r"(?P<key>[\w+=.@-]+)/(?P<date>\d{8})/(?P<region>[a-z\d-]+)/(?P<service>[a-z\d-]+)/aws4_request")
MISMATCH = "The request signature does not have the form of one."


@dataclass(frozen=True)
class SignatureCheck:
    """Checks signatures for one Region."""

    region: str

    def verify(self, headers: Mapping[str, str], body_sha256: bytes, now_s: float, service: str = "rekognition") -> str:
        """Check the request's signature for a service. Returns its access key ID. Header names are in lower case.

        Raises:
            ServiceError: the real service's error for a request that is not signed correctly.
        """
        signature = _authorization(headers)
        scope = _scope(signature["Credential"])
        self._check_scope_and_date(scope, service, headers.get("x-amz-date", ""), now_s)
        _check_signed_headers(signature["SignedHeaders"].split(";"), headers)
        named = headers.get("x-amz-content-sha256")
        if named not in (None, "UNSIGNED-PAYLOAD", body_sha256.hex()):
            raise _invalid("The provided 'x-amz-content-sha256' header does not match what was computed.")
        return scope["key"]

    def _check_scope_and_date(self, scope: re.Match[str], service: str, timestamp: str, now_s: float) -> None:
        if scope["region"] != self.region:
            raise _invalid("Credential should be scoped to a valid region. ")
        if scope["service"] != service:
            raise _invalid(f"Credential should be scoped to correct service: '{service}'. ")
        try:
            signed_at = datetime.datetime.strptime(timestamp, TIMESTAMP).replace(tzinfo=datetime.UTC)
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
            now = datetime.datetime.fromtimestamp(now_s, datetime.UTC).strftime(TIMESTAMP)
            raise _invalid(f"Signature {word}: {timestamp} is now {sides} than {now} (5 min.)")


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


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidSignatureException", message)


def _incomplete(message: str) -> ServiceError:
    return ServiceError("IncompleteSignatureException", message)
