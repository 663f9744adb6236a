"""The facts about Amazon Rekognition Custom Labels."""

from __future__ import annotations

from iu_tuner.contract.model_arn import SERVICE, ModelArn
from lambdas.models.facts import ServiceFacts

OPERATION = "DetectCustomLabels"
_TRY_ADVICE = "try one of them with the AWS CLI (aws rekognition detect-custom-labels)"


def _dimensions(model_arn: str) -> dict[str, str]:
    arn = ModelArn.of(model_arn)
    return {"ProjectName": arn.project, "VersionName": arn.version}


FACTS = ServiceFacts(
    key="rekognition",
    folder="rekognition",
    name=SERVICE,
    operation=OPERATION,
    start="StartProjectVersion",
    stop="StopProjectVersion",
    model_parameters=lambda model_arn: {"ProjectVersionArn": model_arn},
    final_refusals=frozenset({"LimitExceededException", "InvalidParameterException"}),
    start_limits="by default two models run per account, with five inference units each",
    metric_namespace="AWS/Rekognition",
    metric_counts=("SuccessfulRequestCount", "ThrottledCount", "ServerErrorCount", "UserErrorCount"),
    # AWS documents the request metrics with this dimension only, for the whole account and Region.
    metric_operation={"Operation": OPERATION},
    metric_model=_dimensions,
    # AWS documents names of quotas, but no codes (AWS General Reference): "Maximum inference units per started model"
    # and one that names the operation. It is not verified in a live account that Service Quotas uses these names.
    units_quota_words=("inferenceunit", "model"),
    tps_quota_words=(OPERATION.lower(),),
    throttle="ProvisionedThroughputExceededException",
    image_refusals=frozenset(
        {
            "ImageTooLargeException",
            "InvalidImageFormatException",
            "InvalidParameterException",
            "InvalidS3ObjectException",
            "ValidationException",
        }
    ),
    lagging_refusals=frozenset({"InvalidS3ObjectException"}),
    not_about_images={
        "InvalidS3ObjectException": "see that the bucket is in the model's Region and lets ProbeImages and ApplyLoad"
        " read, or give images.source bytes",
        "InvalidParameterException": _TRY_ADVICE,
        "ValidationException": _TRY_ADVICE,
    },
)
