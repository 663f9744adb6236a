"""The results and failures of earlier runs in the runs table.

| pk                    | sk                                        | holds                                    |
|-----------------------|-------------------------------------------|------------------------------------------|
| MODEL#<arn>           | RUN#<ISO start time>                      | a run's result, or its `error` and `cause` |
| PROJECT#<project ARN> | VERSION#<creation time>#RUN#<ISO start>   | what later runs compare with             |

The last number of a version's ARN is its creation time (milliseconds since the epoch). So a project's items are
sorted by version, and those of a version by time. One Query of one item finds the last run of this version, another
one that of the version before.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.names import model_pk
from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.result import Output
from lambdas.aws.settings import settings
from lambdas.aws.table import RESULTS_KEPT_S, Attributes, Partition, dynamodb_client
from lambdas.past_runs.regression import Answer, last_comparable, with_comparison
from lambdas.runs.run import Run

MAX_RUNS_COMPARED = 25  # the latest runs, among which a comparable one is searched
MAX_RUNS_SEARCHED = 500  # for one with a verdict: batches and runs for uploads may come between two measurements
_ATTRIBUTES = Attributes(Answer)


class History:
    """The history of all models of this stack."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def with_comparison(self, run: Run, output: Output) -> Output:
        """The run's output with `comparedWith`, `regression` and `regressionDetail`."""
        answer, version = Answer.of(output, run.started_at, run.auto_scales_to), _version(run.model_arn)
        same_model = self._last_run(run.project_arn, version, run.started_at)
        version_before = self._last_answer(run.project_arn, at_least="VERSION#", below=version)
        return with_comparison(output, answer, same_model, version_before)

    def save(self, run: Run, output: Output) -> None:
        """Save what later runs compare with. Idempotent."""
        answer = Answer.of(output, run.started_at, run.auto_scales_to)
        values = {key: value for key, value in _ATTRIBUTES.of(answer).items() if value is not None}
        self._partition(f"PROJECT#{run.project_arn}").put(f"{_version(run.model_arn)}#RUN#{run.started_at}", values)

    def save_failure(self, model_arn: str, started_at: str, run_id: str, error: str, cause: str) -> None:
        """Save the error of a run in an item without a verdict. A published output of the run stays unchanged."""
        self._partition(model_pk(model_arn)).update(
            f"RUN#{started_at}", {"runId": run_id, "error": error, "cause": cause}
        )

    def outputs(self, model_arn: str, *, verdicts: Collection[str]) -> Iterator[Output]:
        """The outputs of the model's latest runs with one of these verdicts, the newest first."""
        items = self._partition(model_pk(model_arn)).newest("RUN#", "RUN#~", MAX_RUNS_SEARCHED)
        return (from_json(Output, json.loads(item["output"])) for item in items if item.get("verdict") in verdicts)

    def last_tps(self, project_arn: str, model_arn: str, before: str) -> float | None:
        """TPS per inference unit of the model's last run before a time (ISO 8601). Returns None if not known."""
        last = self._last_run(project_arn, _version(model_arn), before)
        return last.tps if last else None

    def _last_run(self, project_arn: str, version: str, before: str) -> Answer | None:
        return self._last_answer(project_arn, at_least=f"{version}#RUN#", below=f"{version}#RUN#{before}")

    def _last_answer(self, project_arn: str, *, at_least: str, below: str) -> Answer | None:
        items = self._partition(f"PROJECT#{project_arn}").newest(at_least, below, MAX_RUNS_COMPARED)
        # `below` is this run's own item if the run is published a second time.
        return last_comparable([_ATTRIBUTES.read(item) for item in items if item["sk"] < below])

    def _partition(self, pk: str) -> Partition:
        return Partition(self._client, self._table, pk, kept_s=RESULTS_KEPT_S)


def history() -> History:
    """The history in this stack's table."""
    return History(dynamodb_client(), settings().runs_table)


def _version(model_arn: str) -> str:
    return f"VERSION#{ModelArn.of(model_arn).sort_key}"
