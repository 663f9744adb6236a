"""The environment of the programs that are started on this machine."""

import os

from tools.loopback import bypass_proxy_for_loopback


def without_aws() -> dict[str, str]:
    """This environment, with no endpoint, profile, Region or other setting of the developer's own AWS.

    Loopback is asked directly, whatever proxy it names; from now on by this process, too.
    """
    bypass_proxy_for_loopback()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return kept | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
