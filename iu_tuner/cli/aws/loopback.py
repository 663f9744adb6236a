"""Requests to this machine bypass every proxy that the environment names."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

HOSTS = ("127.0.0.1", "localhost")


def bypass_proxy_for_loopback(environment: MutableMapping[str, str] = os.environ) -> None:
    """Add the loopback hosts to NO_PROXY and no_proxy, for this process and its children.

    Both are set because programs differ in which one they read. An environment without a proxy stays unchanged: with
    NO_PROXY alone, Python on macOS would ignore the proxies of the system settings.
    """
    no_proxy = {name: value for name, value in environment.items() if name.lower() == "no_proxy"}
    proxy_names = {name.lower() for name, value in environment.items() if value} - {"no_proxy"}
    if not any(name.endswith("_proxy") for name in proxy_names):
        return
    for name, other in (("NO_PROXY", "no_proxy"), ("no_proxy", "NO_PROXY")):
        hosts = [host for host in no_proxy.get(name, no_proxy.get(other, "")).replace(",", " ").split() if host]
        if hosts != ["*"]:
            environment[name] = ",".join([*hosts, *(host for host in HOSTS if host not in hosts)])
