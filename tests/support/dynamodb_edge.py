"""A DynamoDB that refuses, fails or delays one Lambda's calls for one run.

The Lambda is told by its role, as two states may well read the same item; the run by its name in the
request: in a key, in an attribute, or in the model's ARN, whose project is named after the run.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.core.router import extract_access_key_id
from ministack.services import dynamodb

from tests.support.executions import Executions, state_of
from tests.support.journal import Journal, replace
from tests.support.named_faults import DYNAMODB_KINDS, NamedFault
from tests.support.recording import principal_of

OUTAGE_S = 30.0
# Less than the Lambdas' client waits for.
LATE_BY_S = 2.5

_NAMED = re.compile(rf"(?P<state>[A-Z][A-Za-z]+)-(?P<kind>{'|'.join(DYNAMODB_KINDS)})(-[\w-]+)?".encode())


class DynamoDBEdge:
    """Patches ministack's DynamoDB; injected faults go to the journal."""

    def __init__(self, journal: Journal, executions: Executions) -> None:
        self._journal = journal
        self._executions = executions
        self._outages: dict[str, float] = {}

    def patch(self) -> None:
        """From now on the requests of the runs so named are refused, failed or delayed."""
        replace(dynamodb, "handle_request", self._broken)

    def _broken(self, handle_request: Callable[..., Any]) -> Callable[..., Any]:
        async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
            named = _NAMED.search(body or b"")
            if named is None:
                return await handle_request(method, path, headers, body, query)
            run_id, fault = named[0].decode(), NamedFault(named["state"].decode(), named["kind"].decode())
            caller = principal_of(extract_access_key_id(headers, query))
            is_meant = _state_of_role(caller) == fault.state
            if fault.kind == "dynamodb-outage":
                is_meant = self._is_out(run_id, begins=is_meant)
            if not is_meant:
                return await handle_request(method, path, headers, body, query)
            if fault.kind != "start-late":
                self._note(run_id, fault)
                return _refusal(fault.kind, caller, headers.get("x-amz-target", ""))
            answer = await handle_request(method, path, headers, body, query)
            if _announces_start(body):
                self._note(run_id, fault)
                self._executions.abort(run_id)
                await asyncio.sleep(LATE_BY_S)
            return answer

        return handle

    def _is_out(self, run_id: str, *, begins: bool) -> bool:
        """Is the table out of order for this run, whoever asks?"""
        if begins:
            self._outages.setdefault(run_id, time.monotonic())
        return time.monotonic() - self._outages.get(run_id, -OUTAGE_S) < OUTAGE_S

    def _note(self, run_id: str, fault: NamedFault) -> None:
        self._journal.write(runId=run_id, state=fault.state, kind=fault.kind)


def _state_of_role(principal: str) -> str | None:
    """arn:aws:sts::<account>:assumed-role/<role>/<function> is the state's whose Lambda it is."""
    return state_of(principal.rsplit("/", 1)[-1])


def _announces_start(body: bytes) -> bool:
    """Whether the request notes in the lease that the model is about to be started."""
    asked = json.loads(body)
    names, values = asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})
    return any(name == "startAskedAt" and "N" in values[f":{key[1:]}"] for key, name in names.items())


def _refusal(kind: str, principal: str, target: str) -> Any:
    if kind != "access-denied":
        return error_response_json("InternalServerError", "Internal server error", 500)
    action = f"dynamodb:{target.rpartition('.')[-1]}"
    said = f"User: {principal} is not authorized to perform: {action} because no identity-based policy allows it"
    return error_response_json("AccessDeniedException", said, 400)
