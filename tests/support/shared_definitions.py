"""botocore without work that it does anew for each client and each request."""

from functools import cache

import botocore.session
from botocore import useragent


def share_definitions() -> None:
    """From now on all sessions have one loader, which keeps what it has read; parts of the user agent are kept, too."""
    botocore.session.create_loader = cache(botocore.session.create_loader)
    useragent.sanitize_user_agent_string_component = cache(useragent.sanitize_user_agent_string_component)
