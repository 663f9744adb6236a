"""Run instead of `python -m ministack`: the same, and every request to DynamoDB and S3 is metered.

METERED_LOG names the file that gets a JSON object per request: the Lambda that asked, and what AWS would bill.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

_READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem"})


def run() -> None:
    """Patch ministack, then serve as it does."""
    from ministack.app import main
    from ministack.core import iam_evaluator
    from ministack.core.router import extract_access_key_id
    from ministack.services import dynamodb, s3

    log = open(os.environ["METERED_LOG"], "a", buffering=1, encoding="utf-8")  # noqa: SIM115 - for good

    def write(headers: dict[str, str], query: Any, **entry: Any) -> None:
        caller = iam_evaluator.resolve_caller_identity(extract_access_key_id(headers, query))
        function = str(caller["userArn"]).rpartition("/")[2] if caller else ""
        log.write(json.dumps({"function": function, **entry}) + "\n")

    def metered_table(handle: Callable[..., Any]) -> Callable[..., Any]:
        async def handle_and_meter(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
            action = headers.get("x-amz-target", "").rpartition(".")[2]
            if not action.endswith(("Item", "Query", "Scan")):
                return await handle(method, path, headers, body, query)
            asked = json.dumps({**json.loads(body), "ReturnConsumedCapacity": "TOTAL"}).encode()
            status, answer_headers, answer = await handle(method, path, headers, asked, query)
            consumed = json.loads(answer).get("ConsumedCapacity", {})
            kind = "rru" if action in _READS else "wru"
            write(headers, query, kind=kind, action=action, units=consumed.get("CapacityUnits", 1))
            return status, answer_headers, answer

        return handle_and_meter

    def metered_bucket(handle: Callable[..., Any]) -> Callable[..., Any]:
        async def handle_and_meter(method: str, path: str, headers: dict[str, str], *args: Any, **more: Any) -> Any:
            # Lists are billed like PUTs; they are the GETs of a bucket without a key.
            is_read = method in ("GET", "HEAD") and "/" in path.strip("/")
            write(headers, {}, kind="s3_reads" if is_read else "s3_writes", action=method, units=1)
            return await handle(method, path, headers, *args, **more)

        return handle_and_meter

    dynamodb.handle_request = metered_table(dynamodb.handle_request)
    s3.handle_request = metered_bucket(s3.handle_request)
    main()


if __name__ == "__main__":
    run()
