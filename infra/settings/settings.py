"""Every deploy-time knob, read from the CDK context once, typed and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from infra.settings import context as takes
from infra.settings import triggers as trigger_settings
from infra.settings.context import Parser, SettingsError
from infra.settings.context_keys import refuse_unknown
from infra.settings.triggers import Schedule, UploadTrigger

# Field -> its context key, and how that is read.
_Read = Mapping[str, tuple[str, Parser[Any]]]
_READ: _Read = {
    "model_arns": ("modelArns", takes.model_arns),
    "rekognition_endpoint_url": ("rekognitionEndpointUrl", takes.url),
    "model_poll_seconds": ("modelPollSeconds", takes.poll_seconds),
    "local": ("local", takes.flag),
    "price_per_inference_unit_hour_usd": ("pricePerInferenceUnitHourUsd", takes.price),
    "answer_parameter_prefix": ("answerParameterPrefix", takes.parameter_prefix),
    "image_prefixes": ("imagePrefixes", takes.prefixes),
    "image_buckets": ("imageBuckets", takes.buckets),
    "notify_email": ("notifyEmail", takes.email),
    "powertools_layer_arn": ("powertoolsLayerArn", takes.layer_arn),
    "permissions_boundary_arn": ("permissionsBoundaryArn", takes.policy_arn),
    "kms_key_arn": ("kmsKeyArn", takes.key_arn),
    "schedules": ("schedules", trigger_settings.schedules),
    "upload_triggers": ("uploadTriggers", trigger_settings.upload_triggers),
}
_READ_NETWORK: _Read = {
    "vpc_id": ("vpcId", takes.network_id("vpc")),
    "subnet_ids": ("subnetIds", takes.network_ids("subnet")),
    "security_group_ids": ("securityGroupIds", takes.network_ids("sg")),
}
# Each look at a model is nine events of an execution's history, which ends at 25,000.
MIN_POLL_S = 5


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where in a VPC the Lambdas run."""

    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this deployment differs from the default one (README, 'Deploy')."""

    model_arns: tuple[str, ...] = ()
    """Model version ARNs the roles may touch; empty: any model of the account and Region."""
    rekognition_endpoint_url: str | None = None
    """Where the Lambdas find Rekognition; None: AWS's own endpoint."""
    model_poll_seconds: int = 30
    """Pause between two looks at a model that starts or stops."""
    local: bool = False
    """Deploy for the embedded AWS: this Python as the Lambda runtime, no layer."""
    price_per_inference_unit_hour_usd: float = 4.0
    answer_parameter_prefix: str | None = None
    """Where in SSM the answers are kept for other stacks; None: nowhere."""
    image_prefixes: tuple[str, ...] = ("",)
    """Folders of the stack's own bucket that images may be read from; the empty one is all of it."""
    image_buckets: tuple[tuple[str, str], ...] = ()
    """Further buckets (name, prefix) that images may be read from."""
    notify_email: str | None = None
    """Gets a message for each run that is over, and the alarms."""
    powertools_layer_arn: str | None = None
    """The layer with Powertools and pydantic; None: AWS's public one, which the deployment looks up."""
    permissions_boundary_arn: str | None = None
    """A managed policy that bounds every role of the stack."""
    kms_key_arn: str | None = None
    """The customer-managed key that all the stack's data is encrypted with; None: keys that AWS keeps."""
    network: Network | None = None
    """None: the Lambdas run outside any VPC of the account's."""
    schedules: tuple[Schedule, ...] = ()
    """Runs that the clock starts."""
    upload_triggers: tuple[UploadTrigger, ...] = ()
    """Runs that uploads start."""

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read the settings; values are strings from `-c key=value`, JSON types from cdk.json.

        Raises SettingsError, which names the key, what it got and what it takes, or UnknownKeys.
        """
        refuse_unknown(context, [key for read in (_READ, _READ_NETWORK) for key, _ in read.values()])
        settings = cls(**_given(context, _READ), network=_network(context))
        least_s = 1 if settings.local else MIN_POLL_S
        if settings.model_poll_seconds < least_s:
            got = settings.model_poll_seconds
            raise SettingsError("modelPollSeconds", got, f"at least {least_s} seconds (1 with local)")
        trigger_settings.check_rights(
            settings.model_arns, settings.image_prefixes, settings.schedules, settings.upload_triggers
        )
        return settings


def _given(context: Mapping[str, Any], read: _Read) -> dict[str, Any]:
    """Field -> value of the keys that the context has; each field comes with its key and parser."""
    return {field: parse(key, context[key]) for field, (key, parse) in read.items() if context.get(key) is not None}


def _network(context: Mapping[str, Any]) -> Network | None:
    given = _given(context, _READ_NETWORK)
    if not given:
        return None
    for field, (key, _) in _READ_NETWORK.items():
        if field not in given:
            raise SettingsError(key, None, "a value when vpcId, subnetIds or securityGroupIds has one")
    return Network(**given)
