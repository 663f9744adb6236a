"""For all tests: the servers that they start on loopback are asked directly, whatever proxy the environment names."""

from __future__ import annotations

from tools.loopback import bypass_proxy_for_loopback

bypass_proxy_for_loopback()
