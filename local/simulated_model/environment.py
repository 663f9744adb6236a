"""The environment of child processes."""

import os

from iu_tuner.cli.aws.loopback import bypass_proxy_for_loopback


def child_environment() -> dict[str, str]:
    """The environment of this process without the user's AWS settings (endpoint, profile, Region and others).

    Requests to loopback bypass proxies, from now on in this process, too. Python uses UTF-8 in any locale, as
    ministack could not write the code of its Lambdas in ASCII.
    """
    bypass_proxy_for_loopback()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return kept | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "PYTHONUTF8": "1"}
