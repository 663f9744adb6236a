"""Turns every error of a call to AWS, or on the way to it, into a sentence: what is wrong, and what to do.

This is the only place of the client that knows the exceptions of boto3 and botocore.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ConfigParseError
from botocore.exceptions import ClientError as ServiceError

from iu_tuner.exit_codes import ClientError

_LOG_IN = "log in with `aws sso login` (`aws login`), with the same --profile"
_GET_CREDENTIALS = (
    "run `aws configure` or `aws sso login`, name a profile with --profile, or set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY"
)
_RENEW_CREDENTIALS = "get new ones (`aws sso login`, or whatever gave you these), and run this again"
_CHECK_KEYS = "look at which are in use (`aws configure list`), and whether AWS_… variables go before your profile"
_ASK_FOR_RIGHTS = "ask for that right; docs/cli.md lists those that the client needs"
_CHECK_NETWORK = "look at the network, at VPN and proxy (HTTPS_PROXY), at --region and --endpoint-url"
_CHECK_CONFIGURATION = "look at ~/.aws/config and ~/.aws/credentials, and at the AWS_… variables of the environment"
_CHECK_CREDENTIAL_SOURCE = (
    "look at what gives them: the credential_process or web_identity_token_file of your profile in ~/.aws/config, or "
    "an AWS_… variable of the environment"
)
_GET_MFA_CREDENTIALS = (
    "run this in a terminal, or get temporary credentials first (`aws sts get-session-token`, `aws sts assume-role`) "
    "and set them as AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
)

# What to do, by the name of an exception's class or of a base class; by name, as some versions of botocore lack some
# of them.
_ADVICE_BY_EXCEPTION: Mapping[str, str] = {
    "MfaCodeNeeded": _GET_MFA_CREDENTIALS,
    "NoCredentialsError": _GET_CREDENTIALS,
    "PartialCredentialsError": _GET_CREDENTIALS,
    "NoAuthTokenError": _LOG_IN,
    "TokenRetrievalError": _LOG_IN,
    "SSOError": _LOG_IN,
    "LoginError": _LOG_IN,
    "MissingDependencyException": "install it: pip install 'botocore[crt]'",
    "ProfileNotFound": "name one that `aws configure list-profiles` shows with --profile, or unset AWS_PROFILE",
    "CredentialRetrievalError": _CHECK_CREDENTIAL_SOURCE,
    "NoRegionError": "name it with --region, or set AWS_REGION",
    "InvalidRegionError": "name one like us-east-1 with --region, or as AWS_REGION",
    "ConfigParseError": "mend that file, or name another one as AWS_CONFIG_FILE",
    "ParamValidationError": "give another value",
    "ConnectionError": _CHECK_NETWORK,
    "HTTPClientError": _CHECK_NETWORK,
    "MetadataRetrievalError": _GET_CREDENTIALS,
}
# What to do, by the error code of a service.
_ADVICE_BY_CODE: Mapping[str, str] = {
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"), _RENEW_CREDENTIALS),
    **dict.fromkeys(
        (
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "InvalidAccessKeyId",
            "InvalidToken",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "AuthFailure",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
        ),
        _CHECK_KEYS,
    ),
    **dict.fromkeys(
        ("RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"), "set this machine's clock, and try again"
    ),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"), _ASK_FOR_RIGHTS),
    **dict.fromkeys(("ForbiddenException", "UnauthorizedException"), _LOG_IN),
    **dict.fromkeys(
        ("OptInRequired", "SubscriptionRequiredException", "RegionDisabledException"),
        "let the owner of the account enable the service in this Region, or name another Region with --region",
    ),
    **dict.fromkeys(
        ("StateMachineDoesNotExist", "StateMachineDeleting", "ResourceNotFoundException"),
        "the stack is being deleted, or was changed by hand: deploy it again",
    ),
}


class AwsCallFailed(ClientError):
    """A call to AWS failed. `aws_code` is the service's error code; it is empty if no service replied."""

    def __init__(self, sentence: str, aws_code: str = "") -> None:
        super().__init__(sentence)
        self.aws_code = aws_code


class MfaCodeNeeded(Exception):
    """The profile's role needs an MFA code, and there is no terminal to ask for it."""


@contextmanager
def calling_aws() -> Iterator[None]:
    """A context for calls of boto3 and nothing else.

    Raises:
        AwsCallFailed: instead of any other exception. A process, a token file or a cache that the user's
            configuration names can raise exceptions of every kind.
    """
    try:
        yield
    except Exception as error:
        code = str(error.response["Error"].get("Code")) if isinstance(error, ServiceError) else ""
        raise AwsCallFailed(sentence(error), code) from error


def sentence(error: Exception) -> str:
    """A sentence: what is wrong, in the words of AWS or boto3, and what to do."""
    error_text, advice = _service_error(error) if isinstance(error, ServiceError) else _client_error(error)
    return f"{' '.join(error_text.split()).rstrip('. ')} - {advice}"


def _service_error(error: ServiceError) -> tuple[str, str]:
    code, message = str(error.response["Error"].get("Code")), error.response["Error"].get("Message")
    error_text = f"{code} ({error.operation_name})" + (f": {message}" if message else "")
    if "ignature expired" in str(message) or "ignature not yet current" in str(message):  # has the code of a wrong key
        code = "RequestExpired"
    return error_text, _ADVICE_BY_CODE.get(code, "try again")


def _client_error(error: Exception) -> tuple[str, str]:
    class_names = [class_name.__name__ for class_name in type(error).__mro__]
    known_advice = next(
        (_ADVICE_BY_EXCEPTION[class_name] for class_name in class_names if class_name in _ADVICE_BY_EXCEPTION), None
    )
    if known_advice or isinstance(error, BotoCoreError | Boto3Error):
        details = f" ({error.kwargs.get('error')})" if isinstance(error, ConfigParseError) else ""
        return f"{error}{details}", known_advice or _CHECK_CONFIGURATION
    if isinstance(error, UnicodeEncodeError):
        return (f"what was asked for can't be sent ({error})", "look at the arguments: one of them is not UTF-8")
    if str(error).startswith("Invalid endpoint"):
        return str(error), "--endpoint-url and AWS_ENDPOINT_URL take a URL like http://127.0.0.1:4566"
    return f"the credentials can't be read ({type(error).__name__}: {error})", _CHECK_CREDENTIAL_SOURCE
