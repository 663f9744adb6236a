"""CloudWatch's count of the requests that a model served of late."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from iu_tuner.contract.errors import AccessDenied, InternalError
from lambdas.aws.clients import client
from lambdas.models.recent_traffic import MINUTES, TrafficSeen, seen

PERIOD_S = 60
METRICS = ("SuccessfulRequestCount", "ThrottledCount", "ServerErrorCount", "UserErrorCount")

_OPERATION = {"Operation": "DetectCustomLabels"}


def cloudwatch_client() -> Any:
    """The CloudWatch client: a question that a run waits for, asked a few times at most."""
    return client("cloudwatch", attempts=4, read_s=10)


def recent_requests(client: Any, project: str, version: str, now: float) -> TrafficSeen:
    """The requests of the MINUTES before `now` (epoch seconds); the names are those in the model's ARN.

    Raises:
        AccessDenied, InternalError: CloudWatch does not answer. Silence is not "nobody".
    """
    model = {"ProjectName": project, "VersionName": version}
    dimension_sets = (model, {**_OPERATION, **model}, _OPERATION)
    # Data points lie on whole minutes, and the one that has begun counts.
    first = now // PERIOD_S * PERIOD_S - MINUTES * 60
    try:
        of_model, with_operation, of_account = _sums(client, dimension_sets, first, now)
    except ClientError as error:
        raise _explained(error) from error
    except BotoCoreError as error:
        raise _unanswered(error) from error
    return seen((of_model, with_operation), of_account)


def _sums(client: Any, dimension_sets: tuple[Mapping[str, str], ...], first: float, now: float) -> list[list[float]]:
    """The sums per minute of all METRICS, for each set of dimensions."""
    queries = [
        _query(f"set{index}_{metric}", metric, dimensions)
        for (index, dimensions), metric in product(enumerate(dimension_sets), METRICS)
    ]
    found: list[list[float]] = [[] for _ in dimension_sets]
    pages = client.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, StartTime=first, EndTime=now)
    for result in (result for page in pages for result in page["MetricDataResults"]):
        if result.get("StatusCode") in ("InternalError", "Forbidden"):
            raise _unanswered(f"{result['Id']}: {result['StatusCode']}")
        found[int(result["Id"].partition("_")[0].removeprefix("set"))] += result["Values"]
    return found


def _query(query_id: str, metric: str, dimensions: Mapping[str, str]) -> dict[str, Any]:
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    described = {"Namespace": "AWS/Rekognition", "MetricName": metric, "Dimensions": named}
    return {"Id": query_id, "MetricStat": {"Metric": described, "Period": PERIOD_S, "Stat": "Sum"}}


def _explained(error: ClientError) -> AccessDenied | InternalError:
    # CloudWatch's protocols spell it with and without "Exception".
    if error.response["Error"].get("Code", "").startswith("AccessDenied"):
        return AccessDenied(
            f"{error} - without cloudwatch:GetMetricData nobody can tell whether others use the running model:"
            " grant it to the function's role"
        )
    return _unanswered(error)


def _unanswered(why: object) -> InternalError:
    return InternalError(
        f"CloudWatch could not be asked whether others use the running model ({why}) - nothing was started; run again"
    )
