"""The ARN of a model version: its parts, and its place in an execution input."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_ARN = re.compile(
    r"arn:(?P<partition>[a-z0-9-]+):rekognition:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12})"
    r":project/(?P<project>[a-zA-Z0-9_.\-]{1,255})/version/(?P<version>[a-zA-Z0-9_.\-]{1,255})/(?P<created_ms>[0-9]+)"
)
_PARTS = re.compile(r"arn:([^:]*):rekognition:([^:]*):([^:]*):project/(.*)/version/(.*)/(.*)", re.DOTALL)
PATTERN = f"^{re.sub(r'[?]P<[a-z_]+>', '', _ARN.pattern)}$"
SERVICE = "Rekognition"  # the service's name in sentences
TAKES = (
    f"the ARN of a {SERVICE} Custom Labels model version, "
    "arn:aws:rekognition:<region>:<account>:project/<name>/version/<name>/<number>"
)


@dataclass(frozen=True)
class ModelArn:
    """A model version; `created_ms` is its creation time in milliseconds since the epoch, as in the ARN."""

    partition: str
    region: str
    account: str
    project: str
    version: str
    created_ms: str

    @classmethod
    def find(cls, text: str | None) -> ModelArn | None:
        """The parts of the ARN. Returns None if the text is not the ARN of a model version."""
        match = _ARN.fullmatch(text or "")
        return cls(**match.groupdict()) if match else None

    @classmethod
    def of(cls, checked: str) -> ModelArn:
        """The parts of an ARN that `parse_input` has already checked."""
        match = _PARTS.fullmatch(checked)
        assert match, f"{checked} was not checked at the door"
        return cls(*match.groups())

    def __str__(self) -> str:
        place = f"arn:{self.partition}:rekognition:{self.region}:{self.account}"
        return f"{place}:project/{self.project}/version/{self.version}/{self.created_ms}"

    @property
    def name(self) -> str:
        """`<project>/<version>`."""
        return f"{self.project}/{self.version}"


def model_arn_in(raw: Any) -> str | None:
    """The model's ARN in an execution input, even if other fields are wrong. Returns None if it has none."""
    arn = raw.get("modelArn") if isinstance(raw, dict) else None
    return arn if isinstance(arn, str) and ModelArn.find(arn) else None
