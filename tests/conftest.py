"""For all tests: none of them depends on how fast this machine is, or on what else it does.

The servers that they start on loopback are asked directly, whatever proxy the environment names.
"""

from __future__ import annotations

from functools import cache

import botocore.session
from hypothesis import HealthCheck, settings

from iu_tuner.cli.aws.loopback import bypass_proxy_for_loopback

bypass_proxy_for_loopback()

# By default an example that takes more than 200 ms has failed, and so has one whose data come slowly.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# moto gives each test a session of its own: all of them read the definitions of AWS's services once.
botocore.session.create_loader = cache(botocore.session.create_loader)
