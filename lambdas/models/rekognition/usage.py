"""CloudWatch's history of the requests to a model, and of its inference units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from iu_tuner.contract.errors import AccessDenied, InternalError
from lambdas.models.usage import Seen, Window

Sums = dict[int, float]

# What clients wanted: those answered, and those they were refused for want of capacity.
SUCCESSFUL, THROTTLED = "SuccessfulRequestCount", "ThrottledCount"
IN_SERVICE = "InServiceInferenceUnits"
PAGE = 20_000  # values of an answer; CloudWatch's own most, 100,800, would take longer than the client waits
_OPERATION = {"Operation": "DetectCustomLabels"}


def past_requests(client: Any, project: str, version: str, window: Window) -> Seen:
    """What CloudWatch has of the window, by the names in the model's ARN.

    The model's own series, where there are any; else those of all models of the account and Region.

    Raises:
        AccessDenied, InternalError: CloudWatch does not answer. Silence is not "no requests".
    """
    model = {"ProjectName": project, "VersionName": version}
    with_operation = {**_OPERATION, **model}
    try:
        own, own_throttled, other, other_throttled, in_service = _series(
            client,
            window,
            [
                (SUCCESSFUL, model),
                (THROTTLED, model),
                (SUCCESSFUL, with_operation),
                (THROTTLED, with_operation),
                (IN_SERVICE, model),
            ],
        )
        # Both ways of naming the model count the same requests.
        if own or own_throttled:
            return Seen(own, own_throttled, in_service, of_model=True)
        if other or other_throttled:
            return Seen(other, other_throttled, in_service, of_model=True)
        successful, throttled = _series(client, window, [(SUCCESSFUL, _OPERATION), (THROTTLED, _OPERATION)])
    except ClientError as error:
        raise _explained(error) from error
    except BotoCoreError as error:
        raise _unanswered(error) from error
    return Seen(successful, throttled, in_service, of_model=False)


def _series(client: Any, window: Window, metrics: Sequence[tuple[str, Mapping[str, str]]]) -> list[Sums]:
    """Each metric's values by the start of their period. An answer comes in pages."""
    found: list[Sums] = [{} for _ in metrics]
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[
            _query(f"m{index}", metric, dimensions, window.period_s)
            for index, (metric, dimensions) in enumerate(metrics)
        ],
        StartTime=window.start_s,
        EndTime=window.end_s,
        MaxDatapoints=PAGE,
    )
    for result in (result for page in pages for result in page["MetricDataResults"]):
        if result.get("StatusCode") in ("InternalError", "Forbidden"):
            raise _unanswered(f"{result['Id']}: {result['StatusCode']}")
        values = found[int(result["Id"].removeprefix("m"))]
        for moment, value in zip(result["Timestamps"], result["Values"], strict=True):
            values[int(moment.timestamp()) // window.period_s * window.period_s] = value
    return found


def _query(query_id: str, metric: str, dimensions: Mapping[str, str], period_s: int) -> dict[str, Any]:
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    described = {"Namespace": "AWS/Rekognition", "MetricName": metric, "Dimensions": named}
    stat = "Average" if metric == IN_SERVICE else "Sum"
    return {"Id": query_id, "MetricStat": {"Metric": described, "Period": period_s, "Stat": stat}}


def _explained(error: ClientError) -> AccessDenied | InternalError:
    # CloudWatch's protocols spell it with and without "Exception".
    if error.response["Error"].get("Code", "").startswith("AccessDenied"):
        return AccessDenied(
            f"{error} - demand.fromCloudWatchDays needs cloudwatch:GetMetricData: grant it to the function's role"
        )
    return _unanswered(error)


def _unanswered(why: object) -> InternalError:
    return InternalError(
        f"CloudWatch could not be asked for the model's requests ({why}) - nothing was started; run again"
    )
