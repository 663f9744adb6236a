"""Opens a boto3 session and reads the user's credentials before the first call."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

from iu_tuner.cli.aws.errors import MfaCodeNeeded
from iu_tuner.cli.aws.loopback import bypass_proxy_for_loopback
from iu_tuner.streams import can_ask

_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=20)


@dataclass(frozen=True)
class AwsClients:
    """Makes the clients of one session; `endpoint_url` is that of an embedded AWS, or None."""

    session: Any
    endpoint_url: str | None

    def of(self, service: str) -> Any:
        """A client of this service. Raises errors of boto3, so call it within `calling_aws`."""
        return self.session.client(service, endpoint_url=self.endpoint_url, config=_CONFIG)

    def at_own_endpoint(self, service: str, endpoint_url: str | None) -> Any:
        """A client of a service with an endpoint of its own; None: that of the environment, or else AWS's."""
        return self.session.client(service, endpoint_url=endpoint_url, config=_CONFIG)


def open_session(profile: str | None, region: str | None) -> Any:
    """A session whose credentials are read.

    Asks for an MFA code only in a terminal. Raises any error of boto3, of a credential process or of an SSO cache, so
    call it within `calling_aws`.
    """
    bypass_proxy_for_loopback()
    core = botocore.session.Session(profile=profile)
    if not can_ask():
        _answer_no_prompt(core)
    session: Any = boto3.session.Session(botocore_session=core, region_name=region)
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    credentials.get_frozen_credentials()  # a role is assumed only here
    return session


def _answer_no_prompt(core: Any) -> None:
    """Prevent prompts: for an MFA code, and of a credential process that reads stdin."""
    core.get_component("credential_provider").get_provider("assume-role")._prompter = _refuse
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)


def _refuse(prompt: str) -> str:
    raise MfaCodeNeeded(f"an MFA code is needed ({prompt.strip(' :')}), and there is no terminal to ask for it")
