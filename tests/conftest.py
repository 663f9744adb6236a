"""For all tests: none of them depends on how fast this machine is, or on what else it does.

The servers that they start on loopback are asked directly, whatever proxy the environment names.
"""

from __future__ import annotations

import re
from functools import cache

import botocore.session
import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from iu_tuner.cli.aws.loopback import bypass_proxy_for_loopback

bypass_proxy_for_loopback()

# By default an example that takes more than 200 ms has failed, and so has one whose data come slowly.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# moto gives each test a session of its own: all of them read the definitions of AWS's services once.
botocore.session.create_loader = cache(botocore.session.create_loader)


class Shared(LoadScopeScheduling):  # type: ignore[misc]
    """Tests that share what is expensive to make share a process: the two deployments, and the synthesized stacks."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        if re.search(r"e2e/test_(triggers|quotas|upgrade|lookout_vision|playground|uploads_\w+)\.py", file):
            return "deployments of their own"
        for folder in ("tests/e2e/", "tests/infra/"):
            if file.startswith(folder):
                return folder
        return file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shared:
    return Shared(config, log)
