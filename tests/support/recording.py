"""Writes down every call that IAM decides on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator

from tests.support.journal import Journal, replace


def record_calls(journal: Journal) -> None:
    """From now on each decision of IAM's is an entry of the journal."""

    def recorded(enforce: Callable[..., Any]) -> Callable[..., Any]:
        def enforce_and_note(
            access_key_id: str,
            iam_action: str,
            service: str,
            region: str,
            resource_arn: str = "*",
            service_context: dict[str, Any] | None = None,
        ) -> Any:
            denial = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
            journal.write(
                principal=principal_of(access_key_id),
                accessKeyId=access_key_id,
                action=iam_action,
                resource=resource_arn,
                denied=denial is not None,
            )
            return denial

        return enforce_and_note

    replace(iam_evaluator, "enforce", recorded)


def principal_of(access_key_id: str) -> str:
    """The ARN of the caller with this access key; empty when nobody has it."""
    caller: dict[str, Any] | None = iam_evaluator.resolve_caller_identity(access_key_id)
    return str(caller["userArn"]) if caller else ""
