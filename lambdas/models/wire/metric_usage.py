"""CloudWatch's counts of the requests to a model, for the minutes before a run and for the past weeks.

If the model has its own series, those decide. Otherwise those of the whole account and Region do, if there are any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from iu_tuner.contract.errors import AccessDenied, InternalError
from lambdas.aws.clients import client
from lambdas.models.facts import ServiceFacts
from lambdas.models.recent_traffic import RECENT_MINUTES, TrafficSeen, recent_traffic
from lambdas.models.usage import UsageSums, Window

Sums = dict[int, float]  # start of the period in epoch seconds -> sum
Dimensions = Mapping[str, str]

MINUTE_S = 60
UNITS_METRIC = "InServiceInferenceUnits"
_TRAFFIC_ADVICE = "cloudwatch:GetMetricData is needed to know whether other clients use the running model"
MAX_PAGE_VALUES = 20_000  # values per response; CloudWatch's maximum, 100,800, takes longer than the client's timeout


def cloudwatch_client() -> Any:
    """The CloudWatch client. It makes few attempts, as a run waits for its reply."""
    return client("cloudwatch", attempts=4, read_s=10)


class MetricUsage:
    """The requests to one model, as far as CloudWatch counts them separately."""

    def __init__(self, service: ServiceFacts, client: Any, model_arn: str) -> None:
        self._service = service
        self._client = client
        model, self._of_account = service.metric_model(model_arn), service.metric_operation
        # Both sets of dimensions would count the same requests.
        self._of_model: list[Dimensions] = [model]
        if self._of_account:
            self._of_model.append({**self._of_account, **model})
        # The demand of clients: successful requests, and those that were throttled for lack of capacity.
        self._demand = service.metric_counts[:2]

    def recent_requests(self, now: float) -> TrafficSeen:
        """The requests of the RECENT_MINUTES before `now` (epoch seconds).

        Raises:
            AccessDenied, InternalError: CloudWatch does not answer, which does not mean that there are no requests.
        """
        # Data points are at whole minutes, and that of the present minute counts, too.
        first_start = int(now // MINUTE_S * MINUTE_S - RECENT_MINUTES * 60)
        sources = [*self._of_model, self._of_account] if self._of_account else self._of_model
        metrics = self._service.metric_counts
        metrics_asked = [(metric, dimensions) for dimensions in sources for metric in metrics]
        with _as_run_errors("whether other clients use the running model", _TRAFFIC_ADVICE):
            series = self._series(metrics_asked, first_start, now, MINUTE_S)
        values = [
            [value for sums in series[index : index + len(metrics)] for value in sums.values()]
            for index in range(0, len(series), len(metrics))
        ]
        of_model, of_account = values[: len(self._of_model)], values[len(self._of_model) :]
        return recent_traffic(of_model, [value for account in of_account for value in account])

    def units_in_service(self, now: float) -> int | None:
        """The inference units in service by the newest value of the last RECENT_MINUTES. Returns None if there is none.

        Raises:
            AccessDenied, InternalError: CloudWatch does not answer.
        """
        metrics_asked = [(UNITS_METRIC, self._of_model[0])]
        with _as_run_errors("for the inference units in service", "the pace follows them by cloudwatch:GetMetricData"):
            (series,) = self._series(metrics_asked, now - RECENT_MINUTES * 60, now, MINUTE_S)
        return max(1, round(series[max(series)])) if series else None

    def past_requests(self, window: Window) -> UsageSums:
        """The requests in the window: the model's own series, or else those of the account and Region.

        Raises:
            AccessDenied, InternalError: CloudWatch does not answer, which does not mean that there are no requests.
        """
        times = (window.start_s, window.end_s, window.period_s)
        metrics_asked = [(metric, source) for source in self._of_model for metric in self._demand]
        with _as_run_errors("for the model's requests", "demand.fromCloudWatchDays needs cloudwatch:GetMetricData"):
            *series, in_service = self._series([*metrics_asked, (UNITS_METRIC, self._of_model[0])], *times)
            for successful, throttled in zip(series[::2], series[1::2], strict=True):
                if successful or throttled or not self._of_account:
                    return UsageSums(successful, throttled, in_service, of_model=True)
            successful, throttled = self._series([(metric, self._of_account) for metric in self._demand], *times)
        return UsageSums(successful, throttled, in_service, of_model=False)

    def _series(
        self, metrics: Sequence[tuple[str, Dimensions]], start_s: float, end_s: float, period_s: int
    ) -> list[Sums]:
        """The values of each metric, by the start of their period, from all pages of the response."""
        values_by_metric: list[Sums] = [{} for _ in metrics]
        queries = [self._query(f"m{index}", metric, dims, period_s) for index, (metric, dims) in enumerate(metrics)]
        pages = self._client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start_s, EndTime=end_s, MaxDatapoints=MAX_PAGE_VALUES
        )
        for result in (result for page in pages for result in page["MetricDataResults"]):
            if result.get("StatusCode") in ("InternalError", "Forbidden"):
                raise _MissingData(f"{result['Id']}: {result['StatusCode']}")
            values = values_by_metric[int(result["Id"].removeprefix("m"))]
            for moment, value in zip(result["Timestamps"], result["Values"], strict=True):
                values[int(moment.timestamp()) // period_s * period_s] = value
        return values_by_metric

    def _query(self, query_id: str, metric: str, dimensions: Dimensions, period_s: int) -> dict[str, Any]:
        dimension_list = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        namespace = self._service.metric_namespace
        metric_fields = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimension_list}
        stat = "Average" if metric == UNITS_METRIC else "Sum"
        return {"Id": query_id, "MetricStat": {"Metric": metric_fields, "Period": period_s, "Stat": stat}}


class _MissingData(Exception):
    """A response of CloudWatch without the requested data."""


@contextmanager
def _as_run_errors(purpose: str, advice: str) -> Iterator[None]:
    """Raise CloudWatch's errors as the run's own. `purpose` and `advice` are parts of their sentences."""
    try:
        yield
    except (ClientError, BotoCoreError, _MissingData) as error:
        # The name ends in "Exception" in only some of CloudWatch's protocols.
        if isinstance(error, ClientError) and error.response["Error"].get("Code", "").startswith("AccessDenied"):
            raise AccessDenied(f"{error} - {advice}: grant it to the function's role") from error
        raise InternalError(
            f"CloudWatch could not be asked {purpose} ({error}) - nothing was started; run again"
        ) from error
