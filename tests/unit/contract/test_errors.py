"""An error keeps its name through whatever runtime carries it."""

from __future__ import annotations

import json

import pytest

from iu_tuner.contract import errors
from iu_tuner.contract.errors import NAMES, AccessDenied, InternalError, InvalidInput, RunError
from lambdas.tuning.failure import identify

CONTRACT = {
    "InvalidInput",
    "NoUsableImages",
    "ModelNotFound",
    "ModelNotStartable",
    "ModelInUse",
    "ModelStartFailed",
    "ModelLost",
    "BudgetExceeded",
    "DeadlineImpossible",
    "TooManyFailures",
    "AccessDenied",
    "ModelStopFailed",
    "InternalError",
}


def test_the_names_are_the_contracts() -> None:
    assert NAMES == CONTRACT


@pytest.mark.parametrize("name", sorted(CONTRACT))
@pytest.mark.parametrize("runtime_type", ["TheClassName", "Runtime.HandlerError"])
def test_a_raised_error_is_recognised_by_its_text(name: str, runtime_type: str) -> None:
    raised: RunError = getattr(errors, name)("what is wrong: and what to do")
    cause = json.dumps({"errorMessage": str(raised), "errorType": runtime_type, "stackTrace": []})

    seen = identify({"Error": runtime_type, "Cause": cause})

    assert type(seen) is type(raised)
    assert seen.sentence == "what is wrong: and what to do"


def test_a_missing_permission_is_recognised_in_any_error() -> None:
    message = "An error occurred (AccessDeniedException) when calling PutItem: User is not authorized to perform X"

    assert isinstance(identify({"Error": "ClientError", "Cause": json.dumps({"errorMessage": message})}), AccessDenied)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ({"Error": "States.Timeout", "Cause": ""}, "States.Timeout: no cause was given"),
        ({"Error": "KeyError", "Cause": '{"errorMessage": "boom"}'}, "KeyError: boom"),
        ({"Error": "States.TaskFailed", "Cause": "plain text"}, "States.TaskFailed: plain text"),
        ({"Error": "X", "Cause": "[1]"}, "X: [1]"),
        ({}, "unknown error: no cause was given"),
    ],
)
def test_everything_else_is_internal_and_keeps_what_is_known(failure: dict[str, str], said: str) -> None:
    seen = identify(failure)

    assert isinstance(seen, InternalError)
    assert seen.sentence.startswith(said)


def test_a_failed_stop_tells_what_came_before_it() -> None:
    cause = json.dumps(
        {
            "errorMessage": "ModelStopFailed: stop it by hand",
            "stopFailure": {"Error": "X", "Cause": '{"errorMessage": "AccessDenied: may not stop"}'},
            "runFailure": {"Error": "X", "Cause": '{"errorMessage": "ModelLost: it went away"}'},
        }
    )

    seen = identify({"Error": "ModelStopFailed", "Cause": cause})

    assert str(seen) == (
        "ModelStopFailed: stop it by hand - before that, AccessDenied: may not stop"
        " - before that, ModelLost: it went away"
    )


@pytest.mark.parametrize("nothing", [None, {}, {"stopped": False}])
def test_a_stop_that_only_took_too_long_tells_just_that(nothing: object) -> None:
    cause = json.dumps({"errorMessage": "ModelStopFailed: stop it by hand", "stopFailure": nothing, "runFailure": None})

    assert str(identify({"Error": "E", "Cause": cause})) == "ModelStopFailed: stop it by hand"


def test_the_text_names_the_error_first() -> None:
    assert str(InvalidInput("x: got 1; takes 2")) == "InvalidInput: x: got 1; takes 2"
