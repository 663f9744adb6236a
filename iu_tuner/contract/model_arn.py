"""The ARN of a model version: what it is made of, and where an execution input has it."""

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
SERVICE = "Rekognition"  # as sentences call the service of such a model
TAKES = (
    f"the ARN of a {SERVICE} Custom Labels model version, "
    "arn:aws:rekognition:<region>:<account>:project/<name>/version/<name>/<number>"
)


@dataclass(frozen=True)
class ModelArn:
    """A model version; `created_ms` is when it was created, in milliseconds since the epoch, as the ARN spells it."""

    partition: str
    region: str
    account: str
    project: str
    version: str
    created_ms: str

    @classmethod
    def find(cls, text: str | None) -> ModelArn | None:
        """The parts of an ARN. Returns None if the text is none of a model version."""
        match = _ARN.fullmatch(text or "")
        return cls(**match.groupdict()) if match else None

    @classmethod
    def of(cls, checked: str) -> ModelArn:
        """The parts of an ARN that was parsed at the door, and is not checked again."""
        match = _PARTS.fullmatch(checked)
        assert match, f"{checked} was not checked at the door"
        return cls(*match.groups())

    def __str__(self) -> str:
        place = f"arn:{self.partition}:rekognition:{self.region}:{self.account}"
        return f"{place}:project/{self.project}/version/{self.version}/{self.created_ms}"

    @property
    def name(self) -> str:
        """`<project>/<version>`, as people named it."""
        return f"{self.project}/{self.version}"


def model_arn_in(raw: Any) -> str | None:
    """The model that an execution input names, however wrong the rest of it is."""
    arn = raw.get("modelArn") if isinstance(raw, dict) else None
    return arn if isinstance(arn, str) and ModelArn.find(arn) else None
