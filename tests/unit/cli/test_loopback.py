"""A proxy of the environment is not asked for this machine; NO_PROXY keeps what it had."""

from __future__ import annotations

import pytest

from iu_tuner.cli.aws.loopback import bypass_proxy_for_loopback

PROXY = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("before", "upper", "lower"),
    [
        ({"HTTP_PROXY": PROXY}, "127.0.0.1,localhost", "127.0.0.1,localhost"),
        ({"https_proxy": PROXY}, "127.0.0.1,localhost", "127.0.0.1,localhost"),
        ({"ALL_PROXY": PROXY, "NO_PROXY": "a, .b"}, "a,.b,127.0.0.1,localhost", "a,.b,127.0.0.1,localhost"),
        ({"HTTP_PROXY": PROXY, "NO_PROXY": "a", "no_proxy": "b"}, "a,127.0.0.1,localhost", "b,127.0.0.1,localhost"),
        ({"HTTP_PROXY": PROXY, "NO_PROXY": "localhost"}, "localhost,127.0.0.1", "localhost,127.0.0.1"),
        ({"HTTP_PROXY": PROXY, "no_proxy": ""}, "127.0.0.1,localhost", "127.0.0.1,localhost"),
        ({"HTTP_PROXY": PROXY, "NO_PROXY": "*", "no_proxy": "*"}, "*", "*"),
    ],
)
def test_loopback_is_added_to_both(before: dict[str, str], upper: str, lower: str) -> None:
    environment = dict(before)

    for _ in range(2):  # once is as good as twice
        bypass_proxy_for_loopback(environment)

    assert (environment["NO_PROXY"], environment["no_proxy"]) == (upper, lower)


@pytest.mark.parametrize("environment", [{}, {"HTTP_PROXY": ""}, {"NO_PROXY": "a"}])
def test_without_a_proxy_nothing_changes(environment: dict[str, str]) -> None:
    before = dict(environment)

    bypass_proxy_for_loopback(environment)

    assert environment == before
