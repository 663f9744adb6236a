"""Following a run: one look after the other, until it has ended. The demo follows its run with it, too."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.cli.aws.errors import AwsCallFailed
from iu_tuner.cli.aws.stack import Tuner
from iu_tuner.cli.exit_codes import ClientError, UsageError
from iu_tuner.contract.model_arn import model_arn_in
from lambdas.runs.view import RunView

PAUSE_S = 1.0
PATIENCE_S = 120.0  # with an AWS that does not answer, or does not know the run yet


@dataclass(frozen=True)
class Look:
    """A run as of now: its execution as described, and how far it has come (None: not known)."""

    described: Mapping[str, Any]
    view: RunView | None

    @property
    def status(self) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
        return str(self.described["status"])

    @property
    def output(self) -> dict[str, Any] | None:
        """The execution's output, when it succeeded."""
        if self.status != "SUCCEEDED":
            return None
        output: dict[str, Any] = json.loads(self.described["output"])
        return output

    @property
    def model_arn(self) -> str | None:
        """The model that the run was asked to test."""
        return model_arn_in(json.loads(self.described.get("input", "{}")))


def looks(tuner: Tuner, run_id: str) -> Iterator[Look]:
    """Looks at a run; the last one has seen its end.

    Raises:
        ClientError: AWS has not told anything of it for PATIENCE_S.
    """
    last_seen = time.monotonic()
    while True:
        try:
            look = Look(tuner.described(run_id), tuner.view(run_id))
        except (AwsCallFailed, UsageError) as error:
            if time.monotonic() - last_seen > PATIENCE_S:
                raise ClientError(
                    f"lost sight of the run {run_id}: {error} - it may go on; follow it again: "
                    f"{tuner.follow_with(run_id)}"
                ) from error
        else:
            last_seen = time.monotonic()
            yield look
            if look.status != "RUNNING":
                return
        time.sleep(PAUSE_S)
