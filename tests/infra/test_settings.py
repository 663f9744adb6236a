"""Every deploy-time knob is read, typed, checked and explained."""

import pytest

from infra.settings.context import SettingsError
from infra.settings.settings import Network, Settings

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.2021-03-11T15.23.39/1615476219000"
OTHER_ARN = "arn:aws-cn:rekognition:cn-north-1:123456789012:project/wasps/version/1/1615476219001"

BOUNDARY = "arn:aws:iam::123456789012:policy/team/boundary"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
LAYER = "arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-arm64:27"
NETWORK = {
    "vpcId": "vpc-0123456789abcdef0",
    "subnetIds": "subnet-01234567, subnet-0123456789abcdef1",
    "securityGroupIds": ["sg-0123456789abcdef0"],
}


def test_without_context_every_setting_has_its_default() -> None:
    settings = Settings.from_context({"@aws-cdk/core:explicitStackTags": True})

    assert settings == Settings(
        model_arns=(),
        rekognition_endpoint_url=None,
        model_poll_seconds=30,
        local=False,
        price_per_inference_unit_hour_usd=4.0,
    )


@pytest.mark.parametrize(
    ("key", "value", "field", "parsed"),
    [
        ("modelArns", ARN, "model_arns", (ARN,)),
        ("modelArns", f"{ARN}, {OTHER_ARN}", "model_arns", (ARN, OTHER_ARN)),
        ("modelArns", f'["{ARN}"]', "model_arns", (ARN,)),
        ("modelArns", [ARN, OTHER_ARN], "model_arns", (ARN, OTHER_ARN)),
        ("modelArns", [], "model_arns", ()),
        ("rekognitionEndpointUrl", "http://127.0.0.1:8080", "rekognition_endpoint_url", "http://127.0.0.1:8080"),
        ("modelPollSeconds", "5", "model_poll_seconds", 5),
        ("modelPollSeconds", 300, "model_poll_seconds", 300),
        ("local", "true", "local", True),
        ("local", True, "local", True),
        ("local", "false", "local", False),
        ("pricePerInferenceUnitHourUsd", "1.37", "price_per_inference_unit_hour_usd", 1.37),
        ("pricePerInferenceUnitHourUsd", 5, "price_per_inference_unit_hour_usd", 5.0),
        ("answerParameterPrefix", "/inference-units/", "answer_parameter_prefix", "/inference-units/"),
        ("answerParameterPrefix", "/Team_1/x.y-z/", "answer_parameter_prefix", "/Team_1/x.y-z/"),
        ("imagePrefixes", "samples/", "image_prefixes", ("samples/",)),
        ("imagePrefixes", ["samples/", "a b/c/"], "image_prefixes", ("samples/", "a b/c/")),
        (
            "imageBuckets",
            "my-images, other.images/bees/",
            "image_buckets",
            (("my-images", ""), ("other.images", "bees/")),
        ),
        ("imageBuckets", ["my-images/a/b/"], "image_buckets", (("my-images", "a/b/"),)),
        ("notifyEmail", "first.last+bees@example.co.uk", "notify_email", "first.last+bees@example.co.uk"),
        ("permissionsBoundaryArn", BOUNDARY, "permissions_boundary_arn", BOUNDARY),
        ("kmsKeyArn", KEY, "kms_key_arn", KEY),
        ("powertoolsLayerArn", LAYER, "powertools_layer_arn", LAYER),
    ],
)
def test_a_value_is_read_from_the_command_line_and_from_cdk_json_alike(
    key: str, value: object, field: str, parsed: object
) -> None:
    settings = Settings.from_context({key: value})

    assert getattr(settings, field) == parsed
    assert type(getattr(settings, field)) is type(parsed)


@pytest.mark.parametrize(
    ("key", "value", "takes"),
    [
        ("modelArns", "bees", "model version ARNs"),
        ("modelArns", ARN.removesuffix("/1615476219000"), "model version ARNs"),
        ("modelArns", "[not json", "model version ARNs"),
        ("modelArns", "", "model version ARNs"),
        ("modelArns", 7, "model version ARNs"),
        ("modelArns", [ARN, 7], "model version ARNs"),
        ("modelArns", ["arn:aws:rekognition:us-east-1:123456789012:project/*/version/*/1"], "model version ARNs"),
        ("rekognitionEndpointUrl", "", "a URL"),
        ("rekognitionEndpointUrl", "127.0.0.1:8080", "a URL"),
        ("rekognitionEndpointUrl", "ftp://host", "a URL"),
        ("rekognitionEndpointUrl", 8080, "a URL"),
        ("modelPollSeconds", "0", "from 1 to 300"),
        ("modelPollSeconds", 301, "from 1 to 300"),
        ("modelPollSeconds", "1.5", "from 1 to 300"),
        ("modelPollSeconds", True, "from 1 to 300"),
        ("modelPollSeconds", 4, "at least 5 seconds (1 with local)"),
        ("answerParameterPrefix", "inference-units/", "a path"),
        ("answerParameterPrefix", "/inference-units", "a path"),
        ("answerParameterPrefix", "/AWS-units/", "not with /aws or /ssm"),
        ("answerParameterPrefix", "/ssm/", "not with /aws or /ssm"),
        ("answerParameterPrefix", "/a*/", "a path"),
        ("answerParameterPrefix", "//", "a path"),
        ("answerParameterPrefix", "/" + 12 * "a/", "11 levels"),
        ("answerParameterPrefix", f"/{200 * 'a'}/", "200 characters"),
        ("local", "yes", "true or false"),
        ("local", 1, "true or false"),
        ("pricePerInferenceUnitHourUsd", "0", "above 0"),
        ("pricePerInferenceUnitHourUsd", "-4", "above 0"),
        ("pricePerInferenceUnitHourUsd", "nan", "above 0"),
        ("pricePerInferenceUnitHourUsd", True, "above 0"),
        ("imagePrefixes", "samples", "prefixes that end in '/'"),
        ("imagePrefixes", "/", "prefixes that end in '/'"),
        ("imagePrefixes", "*/", "prefixes that end in '/'"),
        ("imagePrefixes", "samples/${aws:username}/", "prefixes that end in '/'"),
        ("imagePrefixes", [], "prefixes that end in '/'"),
        ("imageBuckets", "My_Images", "bucket names"),
        ("imageBuckets", "my-images/samples", "bucket names"),
        ("imageBuckets", "my-images/*/", "bucket names"),
        ("imageBuckets", "*", "bucket names"),
        ("imageBuckets", 7, "bucket names"),
        ("notifyEmail", "me", "one e-mail address"),
        ("notifyEmail", "a@example.com,b@example.com", "one e-mail address"),
        ("notifyEmail", ["me@example.com"], "one e-mail address"),
        ("permissionsBoundaryArn", "boundary", "ARN of a managed policy"),
        ("permissionsBoundaryArn", BOUNDARY.replace("policy", "role"), "ARN of a managed policy"),
        ("kmsKeyArn", "alias/bees", "ARN of a KMS key"),
        ("kmsKeyArn", KEY.replace("key/", "alias/"), "ARN of a KMS key"),
        ("powertoolsLayerArn", "3.37.0", "ARN of a layer's version"),
        ("powertoolsLayerArn", LAYER.rpartition(":")[0], "ARN of a layer's version"),
        ("powertoolsLayerArn", LAYER.replace("layer", "function"), "ARN of a layer's version"),
        ("vpcId", "default", "an id like vpc-"),
        ("subnetIds", "vpc-0123456789abcdef0", "ids like subnet-"),
        ("subnetIds", [], "ids like subnet-"),
        ("securityGroupIds", "sg-12", "ids like sg-"),
    ],
)
def test_a_bad_value_is_refused_by_name_with_what_the_key_takes(key: str, value: object, takes: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context({key: value})

    message = str(refused.value)
    assert f"'{key}'" in message
    assert takes in message
    culprit = value[-1] if isinstance(value, list) and key == "modelArns" else value
    assert repr(culprit) in message


@pytest.mark.parametrize("key", ["schedules", "uploadTriggers"])
def test_an_empty_list_is_the_default_of_what_starts_runs(key: str) -> None:
    assert Settings.from_context({key: []}) == Settings()


def test_a_network_is_a_vpc_with_its_subnets_and_security_groups() -> None:
    settings = Settings.from_context(NETWORK)

    assert settings.network == Network(
        vpc_id="vpc-0123456789abcdef0",
        subnet_ids=("subnet-01234567", "subnet-0123456789abcdef1"),
        security_group_ids=("sg-0123456789abcdef0",),
    )


@pytest.mark.parametrize("missing", NETWORK)
def test_half_a_network_is_refused_by_the_name_of_the_missing_key(missing: str) -> None:
    context = {key: value for key, value in NETWORK.items() if key != missing}

    with pytest.raises(SettingsError, match=f"'{missing}' is None; it takes a value when vpcId"):
        Settings.from_context(context)


def test_an_embedded_aws_may_be_asked_every_second() -> None:
    assert Settings.from_context({"modelPollSeconds": 1, "local": True}).model_poll_seconds == 1
