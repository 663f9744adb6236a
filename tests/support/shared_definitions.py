"""botocore reads the definitions of AWS's services once a process."""

from functools import cache

import botocore.session


def share_definitions() -> None:
    """From now on all sessions have one loader, which keeps what it has read."""
    botocore.session.create_loader = cache(botocore.session.create_loader)
