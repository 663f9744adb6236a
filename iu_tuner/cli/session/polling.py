"""Polls a run until it has ended, for the client and for the demo."""

from __future__ import annotations

import time
from collections.abc import Iterator

from iu_tuner.cli.aws.errors import AwsCallFailed
from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.aws.tuner import Tuner
from iu_tuner.exit_codes import ClientError, UsageError

PAUSE_S = 1.0
PATIENCE_S = 120.0  # how long AWS may fail to respond, or may not know the run yet


def poll(tuner: Tuner, run_id: str) -> Iterator[Snapshot]:
    """Yield a snapshot every PAUSE_S seconds; the last one is that of the ended run.

    Raises:
        ClientError: AWS has not responded for PATIENCE_S.
    """
    last_seen = time.monotonic()
    while True:
        try:
            snapshot = Snapshot(tuner.describe_run(run_id), tuner.run(run_id))
        except (AwsCallFailed, UsageError) as error:
            if time.monotonic() - last_seen > PATIENCE_S:
                raise ClientError(
                    f"lost sight of the run {run_id}: {error} - it may go on; follow it again: "
                    f"{tuner.follow_command(run_id)}"
                ) from error
        else:
            last_seen = time.monotonic()
            yield snapshot
            if snapshot.status != "RUNNING":
                return
        time.sleep(PAUSE_S)
