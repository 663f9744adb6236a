"""Where a run sends its load."""

from __future__ import annotations

from lambdas.load.worker import LoadTarget
from lambdas.runs.run import Run


def target_of(run: Run) -> LoadTarget:
    """The run's model and bucket, with as many connections as a worker may use at once."""
    return LoadTarget(run.run_id, run.model_arn, run.bucket, run.search_limits.lanes_per_worker)
