"""The environment of the programs that are started on this machine."""

import os

from iu_tuner.cli.aws.loopback import bypass_proxy_for_loopback


def child_environment() -> dict[str, str]:
    """This environment, with no endpoint, profile, Region or other setting of the developer's own AWS.

    Loopback is asked directly, whatever proxy it names; from now on by this process, too. Text is UTF-8 to what is
    written in Python, whatever the locale: ministack could not write down its Lambdas' code in ASCII.
    """
    bypass_proxy_for_loopback()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return kept | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "PYTHONUTF8": "1"}
