"""An S3 that refuses or fails the writes of one run's results. The run is known by its name in the result's key."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from ministack.services import s3

from tests.support.journal import Journal, replace
from tests.support.named_faults import S3_KINDS

OUTAGE_S = 6.0

_RESULT = re.compile(rf"/results/(?P<run>(?P<state>[A-Z][A-Za-z]+)-(?P<kind>{'|'.join(S3_KINDS)})(-[\w-]+)?)/")


class S3Edge:
    """Patches ministack's S3; injected faults go to the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._writes: Counter[str] = Counter()
        self._outages: dict[str, float] = {}

    def patch(self) -> None:
        """From now on the writes of the runs so named are refused or fail."""
        replace(s3, "handle_request", self._broken)

    def _broken(self, handle_request: Callable[..., Any]) -> Callable[..., Any]:
        async def handle(method: str, path: str, *args: Any, **more: Any) -> Any:
            named = _RESULT.search(path) if method == "PUT" else None
            if named is None or not self._breaks(named["run"], named["kind"]):
                return await handle_request(method, path, *args, **more)
            self._journal.write(runId=named["run"], state=named["state"], kind=named["kind"])
            if named["kind"] == "s3-denied":
                return s3._error("AccessDenied", "Access Denied", 403)
            return s3._error("SlowDown", "Please reduce your request rate.", 503)

        return handle

    def _breaks(self, run_id: str, kind: str) -> bool:
        """Whether this write of a result breaks."""
        self._writes[run_id] += 1
        if kind == "s3-slow-down":
            return self._writes[run_id] % 2 == 1
        begun_at = self._outages.setdefault(run_id, time.monotonic())
        return kind == "s3-denied" or time.monotonic() - begun_at < OUTAGE_S
