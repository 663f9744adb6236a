"""What became of one row: the execution, the model, the lease, the receipt, and the bill after the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.faults.row import Row


@dataclass(frozen=True)
class ObservedBatch:
    """What became of the images of a batch.

    `answers` has the accepted requests by key, from the model's own books of all executions. `lines` are the keys of
    the detections lines and `manifest` the summary of the last execution; `results` are the names of all files of
    results. `resumed` is the execution that went on where the first one ended, if there was one.
    """

    resumed: Mapping[str, Any] | None
    answers: Mapping[str, int]
    manifest: Mapping[str, Any] | None
    lines: list[str]
    results: set[str]


@dataclass(frozen=True)
class Observed:
    """Everything is read after the last layer had its turn; times in seconds since the epoch."""

    row: Row
    described: Mapping[str, Any]
    model: Mapping[str, Any]
    items: list[dict[str, Any]]
    lease: Mapping[str, Any] | None
    injections: int
    janitor_at: float
    janitor_done_at: float
    released_at: float | None
    """When the lease was seen gone, without the janitor; None: it stayed."""
    batch: ObservedBatch | None = None

    def __repr__(self) -> str:
        """What a failed test shows."""
        told = {name: self.described.get(name) for name in ("status", "error", "cause", "output")}
        books = {name: self.model[name] for name in ("status", "transitions", "totals", "perSecond", "calls")}
        batch = f"\n  its images: {self.batch}" if self.batch else ""
        return f"{self.row.name}: {told}\n  receipt: {self.receipt}\n  the model's books: {json.dumps(books)}{batch}"

    @property
    def ended_at(self) -> float:
        """When no state ran any more. An execution that goes on past its limits ends for the janitor first."""
        ended = self.described["stopDate"].timestamp()
        return min(float(ended), self.janitor_at) if self.row.only_by_janitor else float(ended)

    @property
    def output(self) -> dict[str, Any]:
        """Of an execution that SUCCEEDED."""
        output: dict[str, Any] = json.loads(self.described["output"])
        return output

    @cached_property
    def receipt(self) -> dict[str, Any] | None:
        """How the model was left, and who says so."""
        for item in self.items:
            if item["sk"]["S"] == "RUN" and "receipt" in item:
                receipt: dict[str, Any] = json.loads(item["receipt"]["S"])
                return receipt
        return None

    @property
    def counts(self) -> list[dict[str, Any]]:
        """The workers' items."""
        return [item for item in self.items if "#WORKER#" in item["sk"]["S"]]

    @property
    def settled_by(self) -> str | None:
        """The layer that has settled the model."""
        return self.receipt["settled_by"] if self.receipt else None

    @property
    def stopped_at(self) -> float | None:
        """When the model last became STOPPED."""
        return max((t["at"] for t in self.model["transitions"] if t["to"] == "STOPPED"), default=None)

    def billed_s_after(self, moment: float) -> float:
        """Seconds that the model ran after `moment`; it never has more than one inference unit where this counts."""
        return sum(max(0.0, until - max(since, moment)) for since, until in self._runs() if until is not None) + sum(
            float("inf") for _, until in self._runs() if until is None
        )

    def _runs(self) -> list[tuple[float, float | None]]:
        since = 0.0 if self.row.found == "RUNNING" else None
        runs: list[tuple[float, float | None]] = []
        for move in self.model["transitions"]:
            if move["to"] == "RUNNING":
                since = move["at"]
            elif since is not None:
                runs.append((since, move["at"]))
                since = None
        return runs if since is None else [*runs, (since, None)]
