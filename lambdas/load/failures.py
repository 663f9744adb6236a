"""The error of a step in which the model answered nothing."""

from __future__ import annotations

from collections.abc import Mapping

from iu_tuner.contract.errors import AccessDenied, InternalError, ModelLost, RunError
from lambdas.models.outcomes import DENIED, MODEL_GONE


def no_reply_error(
    failures: Mapping[str, int], sent: int, messages_by_outcome: Mapping[str, str] | None = None
) -> RunError:
    """The error of a step without any reply: the model is gone, access is denied, or the model runs and fails.

    `failures` are counts by outcome. `messages_by_outcome` are those of the service, if known.
    """
    message_clauses = {name: f": {text.rstrip('.')}" for name, text in (messages_by_outcome or {}).items() if text}
    errors = ", ".join(f"{name} x {count}{message_clauses.get(name, '')}" for name, count in failures.items())
    errors = errors or "none was sent"
    sentence = f"the model answered none of {sent} requests ({errors})"
    if MODEL_GONE & set(failures):
        return ModelLost(f"{sentence} - check that no other user stops or retrains it, then run again")
    if DENIED in failures:
        return AccessDenied(
            f"{sentence}: earlier requests of the run were allowed - check what changed in the policies of the stack's"
            " roles and in service control policies, then run again"
        )
    return InternalError(f"{sentence} although it is RUNNING - look at the AWS Health Dashboard, then run again")
