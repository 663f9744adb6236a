"""The ARN of a model: its service, its parts, and its place in an execution input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from iu_tuner.contract.choices import Source
from iu_tuner.contract.names import MASK_SUFFIX

SERVICE = "Rekognition"  # the service's name in sentences

_REGION_AND_ACCOUNT = r"(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12})"
_NAME = r"[a-zA-Z0-9_.\-]{1,255}"


@dataclass(frozen=True)
class ModelService:
    """What an input needs to know of a model's service: its name, its ARNs, the ways in which it takes images.

    `has_masks`: results may have a file that ends in MASK_SUFFIX, which is no image to analyse.
    """

    name: str
    arn_pattern: re.Pattern[str]
    arn_format: str
    """a format string that makes the ARN of its parts"""
    sources: tuple[Source, ...] = ("bytes", "s3")
    end_notice: str | None = None
    """a sentence, if AWS has ended the service; its models are measured only at an endpoint of one's own"""
    has_masks: bool = False
    statuses: Mapping[str, str] = field(default_factory=dict)
    """the service's words for a model's status that are not those of Rekognition, which this app uses"""

    def refusal(self, source: Source, *, compare: bool = False, field: str = "images.source") -> str | None:
        """The sentence about a way of sending images that the service does not take. Returns None if it takes it.

        `field` is the place of the source in the input.
        """
        if source not in self.sources:
            valid_values = " or ".join(f'"{each}"' for each in self.sources)
            return f'{field}: got "{source}"; {self.name} takes {valid_values}'
        return f"images.compare: got true; {self.name} takes false" if compare and len(self.sources) < 2 else None

    def default_source(self, preferred: Source) -> Source:
        """The way in which images are sent if an input does not say it: the usual one if the service takes it."""
        return preferred if preferred in self.sources else self.sources[0]

    def is_mask(self, key: str) -> bool:
        """Whether an object with this key is the mask of a result."""
        return self.has_masks and key.endswith(MASK_SUFFIX)

    @property
    def unchecked_arn_pattern(self) -> re.Pattern[str]:
        """Finds the parts of an ARN without checking them."""
        parts = re.escape(self.arn_format).replace(r"\{", "(?P<").replace(r"\}", ">.*)")
        return re.compile(parts, re.DOTALL)


SERVICES = {
    "rekognition": ModelService(
        SERVICE,
        re.compile(
            rf"arn:(?P<partition>[a-z0-9-]+):rekognition:{_REGION_AND_ACCOUNT}"
            rf":project/(?P<project>{_NAME})/version/(?P<version>{_NAME})/(?P<created_ms>[0-9]+)"
        ),
        "arn:{partition}:rekognition:{region}:{account}:project/{project}/version/{version}/{created_ms}",
    ),
    "lookoutvision": ModelService(
        "Lookout for Vision",
        # `latest` is no version here: a lease is that of one model.
        re.compile(
            rf"arn:(?P<partition>[a-z0-9-]+):lookoutvision:{_REGION_AND_ACCOUNT}"
            r":model/(?P<project>[a-zA-Z0-9][a-zA-Z0-9_\-]{0,254})/(?P<version>[1-9][0-9]{0,9})"
        ),
        "arn:{partition}:lookoutvision:{region}:{account}:model/{project}/{version}",
        sources=("bytes",),
        has_masks=True,
        statuses={
            "TRAINING": "TRAINING_IN_PROGRESS",
            "TRAINED": "STOPPED",
            "STARTING_HOSTING": "STARTING",
            "HOSTED": "RUNNING",
            "HOSTING_FAILED": "FAILED",
            "STOPPING_HOSTING": "STOPPING",
            "SYSTEM_UPDATING": "STARTING",  # it can't be used or stopped, and may be billed
        },
        end_notice="Amazon Lookout for Vision ended on 2025-10-31 and answers nobody any more, so there is no model to"
        " measure - against a simulated one, deploy with -c lookoutVisionEndpointUrl=<url>; for a live service use"
        " Rekognition Custom Labels, or AWS's Computer Vision Defect Detection algorithm in SageMaker",
    ),
}
PATTERN = f"^({'|'.join(re.sub(r'[?]P<[a-z_]+>', '', each.arn_pattern.pattern) for each in SERVICES.values())})$"
VALID_ARN = (
    f"the ARN of a {SERVICE} Custom Labels model version, "
    "arn:aws:rekognition:<region>:<account>:project/<name>/version/<name>/<number>, or of a Lookout for Vision model, "
    "arn:aws:lookoutvision:<region>:<account>:model/<project>/<number>"
)


@dataclass(frozen=True)
class ModelArn:
    """A model version; `created_ms` is its creation time in milliseconds since the epoch, if the ARN contains it."""

    partition: str
    region: str
    account: str
    project: str
    version: str
    created_ms: str = ""
    service: str = "rekognition"

    @classmethod
    def find(cls, text: str | None) -> ModelArn | None:
        """The parts of the ARN. Returns None if the text is not the ARN of a model version."""
        for key, service in SERVICES.items():
            if match := service.arn_pattern.fullmatch(text or ""):
                return cls(**match.groupdict(), service=key)
        return None

    @classmethod
    def of(cls, model_arn: str) -> ModelArn:
        """The parts of an ARN that `parse_input` has already checked."""
        key = service_key(model_arn)
        match = SERVICES[key].unchecked_arn_pattern.fullmatch(model_arn)
        assert match, f"{model_arn} was not checked at the door"
        return cls(**match.groupdict(), service=key)

    def __str__(self) -> str:
        return SERVICES[self.service].arn_format.format(**vars(self))

    @property
    def name(self) -> str:
        """`<project>/<version>`."""
        return f"{self.project}/{self.version}"

    @property
    def sort_key(self) -> str:
        """A text by which the versions of a project sort in the order of their creation."""
        return (self.created_ms or self.version).zfill(20)


def service_key(model_arn: str) -> str:
    """The key of the service in the ARN of a model, such as `rekognition`."""
    return model_arn.split(":")[2]


def service_of(model_arn: str) -> ModelService:
    """The service of a model whose ARN is checked."""
    return SERVICES[service_key(model_arn)]


def model_arn_in(execution_input: Any) -> str | None:
    """The model's ARN in an execution input, even if other fields are wrong. Returns None if it has none."""
    arn = execution_input.get("modelArn") if isinstance(execution_input, dict) else None
    return arn if isinstance(arn, str) and ModelArn.find(arn) else None
