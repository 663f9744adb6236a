"""Deployments that differ from the default one, and what their roles may do."""

from collections.abc import Iterator
from typing import Any

from tests.infra.synth import resources, text

MODEL = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"
STARTS_BY_ITSELF: dict[str, Any] = {
    "schedules": [{"expression": "rate(1 day)", "input": {"modelArn": MODEL}}],
    "uploadTriggers": [{"prefix": "samples/", "settleSeconds": 60, "input": {"modelArn": MODEL}}],
}
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NETWORK: dict[str, Any] = {
    "vpcId": "vpc-0123456789abcdef0",
    "subnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "securityGroupIds": ["sg-0123456789abcdef0"],
}
ANSWERS = {"answerParameterPrefix": "/inference-units/"}
LAYER = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-arm64:27"
ANALYSES: dict[str, Any] = {
    "inference": [{"prefix": "test_images/", "modelArn": MODEL, "event": True, "whenStopped": "start"}]
}
EVERYTHING = {
    **STARTS_BY_ITSELF,
    **ANALYSES,
    **NETWORK,
    **ANSWERS,
    "permissionsBoundaryArn": BOUNDARY,
    "kmsKeyArn": KEY,
    "powertoolsLayerArn": LAYER,
    "notifyEmail": "me@example.com",
    "imagePrefixes": ["samples/"],
    "imageBuckets": ["my-images", "other-images/bees/"],
}
# Each of these settings changes something else.
ENDPOINT = "https://vpce-1.rekognition.us-east-1.vpce.amazonaws.com"
OTHER_VALUES: dict[str, Any] = {
    "powertoolsLayerArn": LAYER,
    "pricePerInferenceUnitHourUsd": "1.5",
    "rekognitionEndpointUrl": ENDPOINT,
    "modelPollSeconds": "5",
    "notifyEmail": "me@example.com",
}

# Where Custom Labels is, by the AWS General Reference.
REGIONS = [
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-west-1",
    "eu-west-2",
    "eu-central-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
]


def statements(**context: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """(logical id, statement) of every policy of every role, inline or attached."""
    for name, policy in resources("AWS::IAM::Policy", **context).items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            yield name, statement
    for name, role in resources("AWS::IAM::Role", **context).items():
        for policy in role["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def listed(value: Any) -> list[str]:
    return [text(each) for each in (value if isinstance(value, list) else [value])]
