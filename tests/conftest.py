"""For all tests: none of them depends on how fast this machine is, or on what else it does.

The servers that they start on loopback are asked directly, whatever proxy the environment names.
"""

from __future__ import annotations

import gc
import re

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from iu_tuner.cli.aws.loopback import bypass_proxy_for_loopback
from tests.support.shared_definitions import share_definitions

bypass_proxy_for_loopback()

# By default an example that takes more than 200 ms has failed, and so has one whose data come slowly.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# moto gives each test a session of its own: all of them read the definitions of AWS's services once.
share_definitions()

# Most objects stay until the end: at Python's own rhythm, to look for garbage takes a tenth of the processor time.
gc.set_threshold(100_000, 20, 100)

# Files that share what is expensive to make: a deployment, or the synthesized stacks.
SHARED = (
    "tests/e2e/test_(lookout_vision|quotas|upgrade)",
    "tests/e2e/test_uploads_",
    "tests/e2e/test_(batches|client|executions|lease|least_privilege|news|report)",
    "tests/(infra/|unit/docs/test_pages|unit/bench/test_own_cost|unit/triggers/test_waiting)",
)


class Shared(LoadScopeScheduling):  # type: ignore[misc]
    """The tests of a file run in one process, and so do those of files that share something."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return next((shared for shared in SHARED if re.match(shared, file)), file)


def pytest_collection_finish() -> None:
    gc.freeze()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shared:
    return Shared(config, log)
