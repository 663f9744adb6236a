"""The settings of a simulated model server, from the JSON of a config file or the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import refuse_unknown


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The settings of one server. `credentials` (access key -> secret) are for images in S3; port 0 is any free port.

    `certificate` is a PEM file with a certificate and its key; with it the server uses HTTPS (TLS 1.3, with tickets).
    """

    models: tuple[ModelSetup, ...] = ()
    host: str = "127.0.0.1"
    port: int = 0
    region: str = "us-east-1"
    account_id: str = "000000000000"
    credentials: Mapping[str, str] = field(default_factory=lambda: {"test": "test"})
    s3_endpoint_url: str | None = None
    certificate: str | None = None

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "ServerSettings":
        """Read the settings from JSON values by field name; `models` is a list. TruthError names a bad field."""
        refuse_unknown(cls, values, "setting of the simulated model")
        models = tuple(ModelSetup.from_mapping(each) for each in values.get("models", ()))
        return cls(**{**values, "models": models})
