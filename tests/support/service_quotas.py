"""Service Quotas for the embedded AWS, which has none: an account that may run many models at once."""

from __future__ import annotations

import json
from typing import Any

from ministack import app
from ministack.core import router

RUNNING_MODELS = 100
_QUOTAS = [{"QuotaName": "Maximum number of concurrently running Custom Labels models", "Value": RUNNING_MODELS}]


def add_service_quotas() -> None:
    """From now on Service Quotas answers. It lists no other quotas, so these have their defaults."""
    router.SERVICE_PATTERNS["servicequotas"] = {"target_prefixes": ["ServiceQuotasV20190624"]}
    app.SERVICE_HANDLERS["servicequotas"] = _answer


async def _answer(_method: str, _path: str, headers: dict[str, str], *_: Any) -> tuple[int, dict[str, str], bytes]:
    is_applied = headers.get("x-amz-target", "").endswith(".ListServiceQuotas")
    body = {"Quotas": _QUOTAS if is_applied else []}
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(body).encode()
