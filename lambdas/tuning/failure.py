"""Why a run failed, by the contract's names and in a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeGuard

from iu_tuner.contract.errors import _BY_NAME, NAMES, AccessDenied, InternalError, RunError
from lambdas.aws.denials import advice

_DENIED = ("AccessDenied", "not authorized to perform", "AuthorizationError")


def identify(failure: Mapping[str, Any]) -> RunError:
    """The RunError behind what the state machine caught.

    `failure` is `{"Error": …, "Cause": …}`; the cause of a failed Lambda function is JSON with
    `errorMessage`. A failure that no handler raised on purpose becomes AccessDenied or InternalError.
    The cause of a failed stop also holds `stopFailure` and `runFailure`: what came before it.
    """
    cause = _parsed(failure.get("Cause"))
    message = str(cause.get("errorMessage") or failure.get("Cause") or "no cause was given")
    name, _, sentence = message.partition(": ")
    if name in NAMES:
        before = [identify(cause[key]) for key in ("stopFailure", "runFailure") if _is_failure(cause.get(key))]
        return _BY_NAME[name](" - before that, ".join([sentence, *map(str, before)]))
    if "TooManyRequests" in str(failure.get("Error")):
        return InternalError(
            f"Lambda refused to run a function ({message}) - the account's concurrent executions are used up: run again"
            " when less is going on, or raise them in Service Quotas"
        )
    if any(mark in message for mark in _DENIED):
        otherwise = "grant this to the function's role, or name the model in `modelArns`"
        return AccessDenied(f"{message} - {advice(message, otherwise)}")
    return InternalError(
        f"{failure.get('Error', 'unknown error')}: {message} - see the logs of the Lambda function in CloudWatch"
    )


def _parsed(cause: object) -> Mapping[str, Any]:
    try:
        parsed = json.loads(cause) if isinstance(cause, str) else None
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {}


def _is_failure(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict) and "Error" in value
