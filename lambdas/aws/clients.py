"""The clients of all AWS services, created once per set of settings."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config


@cache
def client(
    service: str, *, attempts: int = 5, connect_s: float = 5, read_s: float = 20, max_connections: int = 10
) -> Any:
    """The client of a service, such as `dynamodb`.

    It makes at most `attempts` attempts per call. It waits `connect_s` seconds for a connection and `read_s` seconds
    for a reply. `client.cache_clear()` removes all clients from the cache.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=connect_s,
        read_timeout=read_s,
        max_pool_connections=max_connections,
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]
