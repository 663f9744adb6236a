"""The settings of a deployment, read from the CDK context once, typed and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from infra.settings import context as read
from infra.settings.context import FromContext, InputRefused, Listed, Objects, SettingsError, refusal
from infra.settings.context_keys import refuse_unknown
from infra.settings.triggers import Schedule, UploadTrigger
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.execution_input import parse_input
from iu_tuner.contract.model_arn import service_of
from iu_tuner.contract.uploads.entries import check_entries
from iu_tuner.contract.uploads.entry import InferenceEntry, parse_entry

# Seconds. Each poll of a model adds nine events to an execution's history, which is limited to 25,000.
MIN_POLL_S = 5
_OR_COMMAS = "(JSON, or separated by commas)"


def _entry(raw: Any) -> Any:
    """An entry of `inference`, by the parser of the Lambdas. Raises ValueError with its sentence."""
    try:
        return parse_entry(raw)
    except InvalidInput as refused:
        raise ValueError(refused.sentence) from None


@dataclass(frozen=True, kw_only=True)
class Network:
    """The place of the Lambdas in a VPC."""

    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]


class Settings(FromContext):
    """The settings of a deployment; their defaults are in docs/configuration.md."""

    local: read.Flag = Field(default=False, description="true or false")
    """Deploy for the embedded AWS: with this Python version as the Lambda runtime, without a layer."""
    model_arns: Annotated[tuple[read.ModelVersionArn, ...], Listed] = Field(
        default=(),
        description="a list of model version ARNs, like "
        f"arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.v1/1615476219000 {_OR_COMMAS}",
    )
    """ARNs of the model versions that the roles may use; if empty, all models of the account and Region."""
    rekognition_endpoint_url: read.Url | None = Field(
        default=None, description="a URL, like https://vpce-0123.rekognition.us-east-1.vpce.amazonaws.com"
    )
    """The endpoint of Rekognition for the Lambdas, or None for the endpoint of AWS."""
    lookout_vision_endpoint_url: read.Url | None = Field(
        default=None, description="a URL of a service that speaks the protocol of Lookout for Vision"
    )
    """The endpoint of Lookout for Vision, which AWS has ended; if None, its models are refused."""
    model_poll_seconds: read.Whole = Field(
        default=30,
        ge=1,
        le=300,
        description=f"a whole number of seconds from 1 to 300, and at least {MIN_POLL_S} seconds (1 with local)",
    )
    """Seconds between two polls of a model that starts or stops."""
    price_per_inference_unit_hour_usd: read.Amount = Field(
        default=4.0, gt=0, description="a price in USD above 0, like 4.0"
    )
    answer_parameter_prefix: read.ParameterPath | None = Field(
        default=None,
        description="a path of letters, digits, _, . and - that begins and ends in '/', and not with /aws or /ssm, "
        "of at most 200 characters and 11 levels, like /inference-units/",
    )
    """Prefix of the SSM parameters with the answers for other stacks, or None for no parameters."""
    image_prefixes: Annotated[tuple[read.Folder, ...], Listed] = Field(
        default=("",),
        min_length=1,
        description=f"a list of prefixes that end in '/', without *, ? and $, like samples/ {_OR_COMMAS}",
    )
    """Folders of the stack's own bucket from which images may be read; an empty one is the whole bucket."""
    image_buckets: Annotated[tuple[read.BucketFolder, ...], Listed] = Field(
        default=(),
        description="a list of bucket names, each with or without a prefix, like my-images or my-images/samples/",
    )
    """Further buckets (name, prefix) from which images may be read."""
    notify_email: read.Email | None = Field(default=None, description="one e-mail address, like me@example.com")
    """Address for messages about finished runs and for alarms."""
    powertools_layer_arn: read.LayerArn | None = Field(
        default=None,
        description="the ARN of a layer's version (Powertools with pydantic, for Python 3.13 on arm64), like "
        "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-arm64:27",
    )
    """The layer with Powertools and pydantic, or None for the public one of AWS, found at deployment."""
    permissions_boundary_arn: read.PolicyArn | None = Field(
        default=None, description="the ARN of a managed policy, like arn:aws:iam::123456789012:policy/boundary"
    )
    """A managed policy as the permissions boundary of every role of the stack."""
    kms_key_arn: read.KeyArn | None = Field(
        default=None,
        description="the ARN of a KMS key (not of an alias), like arn:aws:kms:us-east-1:123456789012:key/<its id>",
    )
    """The customer-managed key that encrypts the stack's data, or None for keys that AWS manages."""
    vpc_id: read.VpcId | None = Field(default=None, description="an id like vpc-0123456789abcdef0")
    subnet_ids: Annotated[tuple[read.SubnetId, ...], Listed] | None = Field(
        default=None, min_length=1, description=f"a list of ids like subnet-0123456789abcdef0 {_OR_COMMAS}"
    )
    security_group_ids: Annotated[tuple[read.SecurityGroupId, ...], Listed] | None = Field(
        default=None, min_length=1, description=f"a list of ids like sg-0123456789abcdef0 {_OR_COMMAS}"
    )
    schedules: Annotated[tuple[Schedule, ...], Objects] = Field(
        default=(),
        description="a list of objects (JSON), each with expression and input, and maybe timezone and enabled",
    )
    """Runs that start on a schedule."""
    upload_triggers: Annotated[tuple[UploadTrigger, ...], Objects] = Field(
        default=(), description="a list of objects (JSON), each with prefix and input, and maybe settleSeconds"
    )
    """Runs that start after uploads."""
    inference: Annotated[tuple[Annotated[InferenceEntry, BeforeValidator(_entry)], ...], Objects] = Field(
        default=(), description="a list of objects (JSON), each with prefix and modelArn; docs/uploads.md has all keys"
    )
    """Uploads that a model analyses as they arrive."""

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read the settings; values are strings from `-c key=value` or JSON types from cdk.json.

        Raises:
            SettingsError: names the key, what it got and what it takes.
            UnknownKeys: the context has unknown keys.
        """
        keys = [str(field.alias) for field in cls.model_fields.values()]
        refuse_unknown(context, keys)
        given = {key: context[key] for key in keys if context.get(key) is not None}
        try:
            return cls.model_validate(given, by_name=False)
        except ValidationError as refused:
            takes = {
                str(field.alias): str(field.description)
                for model in (Schedule, UploadTrigger, cls)
                for field in model.model_fields.values()
            }
            raise refusal(refused.errors()[0], given, takes) from None

    @property
    def network(self) -> Network | None:
        """The network of the Lambdas, or None if they run outside the account's VPCs."""
        if self.vpc_id is None or self.subnet_ids is None or self.security_group_ids is None:
            return None
        return Network(vpc_id=self.vpc_id, subnet_ids=self.subnet_ids, security_group_ids=self.security_group_ids)

    @field_validator("model_poll_seconds")
    @classmethod
    def _leaves_room_in_the_history(cls, seconds: int, info: ValidationInfo) -> int:
        if seconds < MIN_POLL_S and not info.data.get("local"):
            raise PydanticCustomError("poll", "too often")
        return seconds

    @model_validator(mode="after")
    def _has_a_whole_network(self) -> Self:
        parts = {"vpcId": self.vpc_id, "subnetIds": self.subnet_ids, "securityGroupIds": self.security_group_ids}
        missing = [key for key, value in parts.items() if value is None]
        if 0 < len(missing) < len(parts):
            raise SettingsError(missing[0], None, "a value when vpcId, subnetIds or securityGroupIds has one")
        return self

    @model_validator(mode="after")
    def _has_each_entry_once(self) -> Self:
        _check_unique("schedules", self.schedules, "expression, timezone, input")
        _check_unique("uploadTriggers", self.upload_triggers, "prefix and modelArn")
        return self

    @model_validator(mode="after")
    def _knows_no_model_of_a_service_that_ended(self) -> Self:
        for arn in self.model_arns:
            self._require_service("modelArns", arn)
        return self

    def _require_service(self, place: str, model_arn: str) -> None:
        ended = service_of(model_arn).end_notice
        if ended is not None and self.lookout_vision_endpoint_url is None:
            raise InputRefused(place, f"{model_arn}: {ended}")

    @model_validator(mode="after")
    def _serves_each_upload_once(self) -> Self:
        try:
            check_entries(self.inference, [trigger.prefix for trigger in self.upload_triggers])
        except InvalidInput as refused:
            raise InputRefused("inference", refused.sentence) from None
        for index, entry in enumerate(self.inference):
            self._require_service(f"inference[{index}]", entry.model_arn)
            if self.model_arns and entry.model_arn not in self.model_arns:
                takes = f"one of those in the context key modelArns, which are {', '.join(self.model_arns)}"
                raise InputRefused(f"inference[{index}]", f'modelArn: got "{entry.model_arn}"; takes {takes}')
        return self

    @model_validator(mode="after")
    def _lets_each_run_do_what_its_input_says(self) -> Self:
        inputs = [(f"schedules[{index}].input", entry.input) for index, entry in enumerate(self.schedules)]
        inputs += [
            (f"uploadTriggers[{index}].input", entry.run_input) for index, entry in enumerate(self.upload_triggers)
        ]
        for place, raw in inputs:
            parsed = parse_input(raw)
            self._require_service(place, parsed.model_arn)
            if self.model_arns and parsed.model_arn not in self.model_arns:
                takes = f"one of those in the context key modelArns, which are {', '.join(self.model_arns)}"
                raise InputRefused(place, f'modelArn: got "{parsed.model_arn}"; takes {takes}')
            prefix = parsed.images.prefix
            if parsed.images.bucket is None and not prefix.startswith(self.image_prefixes):
                takes = f"one inside those of the context key imagePrefixes, which are {', '.join(self.image_prefixes)}"
                raise InputRefused(place, f'images.prefix: got "{prefix}"; takes {takes}')
        return self


def _check_unique(key: str, entries: Sequence[Schedule | UploadTrigger], by: str) -> None:
    seen = set()
    for index, entry in enumerate(entries):
        if entry.fingerprint in seen:
            got = entry.model_dump(by_alias=True)
            raise SettingsError(f"{key}[{index}]", got, f"each combination of {by} once")
        seen.add(entry.fingerprint)
