"""The facts about Amazon Lookout for Vision, by the service's API model 2020-11-20."""

from __future__ import annotations

from iu_tuner.contract.model_arn import SERVICES, ModelArn
from lambdas.models.facts import ServiceFacts

_KEY = "lookoutvision"


def _parameters(model_arn: str) -> dict[str, str]:
    arn = ModelArn.of(model_arn)
    return {"ProjectName": arn.project, "ModelVersion": arn.version}


FACTS = ServiceFacts(
    key=_KEY,
    folder="lookout_vision",
    name=SERVICES[_KEY].name,
    operation="DetectAnomalies",
    start="StartModel",
    stop="StopModel",
    model_parameters=_parameters,
    final_refusals=frozenset({"ServiceQuotaExceededException", "ValidationException"}),
    start_limits="see the account's quotas of the service",
    metric_namespace="AWS/LookoutVision",
    metric_counts=("SuccessfulRequestCount", "ThrottledCount", "ErrorCount"),
    metric_operation={},  # all its metrics are those of a model
    metric_model=_parameters,
    # It is not verified that Service Quotas uses these words. AWS documents no quota of requests per second.
    units_quota_words=("inferenceunit",),
    tps_quota_words=(),
    throttle="ThrottlingException",
    image_refusals=frozenset({"ValidationException"}),
    lagging_refusals=frozenset(),
    not_about_images={
        "ValidationException": "see that they are PNG or JPEG and have the width and height of the training images"
    },
    end_date="2025-10-31",
)
