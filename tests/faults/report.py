"""The matrix as Markdown: for the terminal with what was measured, for docs/reliability.md without the noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.faults.observed import Observed
from tests.faults.row import BatchRow, Row
from tests.faults.states import FAULTS, MEASURING, PROCESSING, WAITS, Machine

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- the matrix: written by `make faults` -->", "<!-- the end of the matrix -->"

_LAYERS = {None: "–", "finally": "1", "rule": "2", "janitor": "3"}
_SECTIONS = {
    "lambdas": "Workers that die in mid-step or run twice, and other accidents",
    "model": "The model misbehaves",
    "restore": "`afterRun: restore`, the model found RUNNING",
    "scaling": "`test.verifyScaling`, a second measurement with 2 inference units",
    "apply": "`afterRun: apply`: left running with the recommended inference units, or stopped",
    "janitor": "Layer 3 alone: no event of the execution's end arrives",
    "random": "Aborted at a random moment",
    "batch-accidents": "Batches: workers that die or run twice, S3 that fails, and other accidents",
    "batch-model": "Batches: the model misbehaves",
}


def matrix(rows: Sequence[Row]) -> str:
    """What every row comes to; the same for every run in which no test has failed."""
    parts = ["### Every state and wait, every fault", *_grid(rows, MEASURING)]
    parts += ["", "### The same of the machine that processes batches", *_grid(rows, PROCESSING)]
    for section, title in _SECTIONS.items():
        parts += ["", f"### {title}", *_list([row for row in rows if row.section == section])]
    return "\n".join([*parts, "", "### The bill after the end of the execution", *_bill(rows)])


def measured(seen: Mapping[str, Observed]) -> str:
    """Every row as it came out, with its seconds."""
    header = ("row", "execution", "model", "settled by", "lease gone after", "billed after the end")
    billed = {
        layer: sum(run.billed_s_after(run.ended_at) for run in seen.values() if _is_stopped_by(run, layer))
        for layer in ("finally", "rule")
    }
    total = ", ".join(f"by {layer}: {seconds:.1f} s" for layer, seconds in billed.items())
    lines = _table(header, (_measured(run) for run in seen.values()))
    return "\n".join([*lines, "", f"billed after the end, all rows together, settled {total}"])


def write(rows: Sequence[Row]) -> None:
    """Put the matrix into the document, in the place of the one that is there."""
    text = DOCUMENT.read_text("utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{matrix(rows)}\n\n{END}{after}", "utf-8")


def _is_stopped_by(run: Observed, layer: str) -> bool:
    return run.row.ends == "STOPPED" and run.settled_by == layer


def _grid(rows: Sequence[Row], machine: Machine) -> list[str]:
    by_name = {row.name: row for row in rows}
    header = ("state", *(_in_words(fault) for fault in FAULTS))
    lines = (
        (state, *(_cell(by_name.get(machine.name(state, fault))) for fault in FAULTS))
        for state in (*machine.states, *WAITS)
    )
    return _table(header, lines)


def _in_words(fault: str) -> str:
    return fault.replace("-", " ").replace("lambda", "Lambda").replace("dynamodb", "DynamoDB")


def _cell(row: Row | None) -> str:
    return f"{_outcome(row)} ({_layers(row)})" if row else ""


def _list(rows: Sequence[Row]) -> list[str]:
    times = Counter((row.what, _outcome(row), row.ends, _layers(row)) for row in rows)
    told = ((f"{what}, {count} times" if count > 1 else what, *rest) for (what, *rest), count in times.items())
    return _table(("fault", "execution", "model ends", "layer"), told)


def _bill(rows: Sequence[Row]) -> list[str]:
    promised = {
        "–": "0 inference-unit seconds",
        "1": "0 inference-unit seconds",
        "2": "until the stop that the event leads to",
        "3": "until the stop in the janitor's turn, every ten minutes",
    }
    counted = Counter(_layers(row) for row in rows if row.ends == "STOPPED")
    told = (
        (layers, str(count), "; ".join(promised[layer] for layer in layers.split(" or ")))
        for layers, count in sorted(counted.items())
    )
    return _table(("layer", "rows", "billed after the end"), told)


def _outcome(row: Row) -> str:
    ended = row.error or {"SUCCEEDED": "answer", "ABORTED": "aborted", "TIMED_OUT": "timed out"}[row.status]
    return f"{ended}, then resumed" if isinstance(row, BatchRow) and row.is_resumed else ended


def _layers(row: Row) -> str:
    return " or ".join(_LAYERS[by] for by in row.settled_by)


def _measured(run: Observed) -> tuple[str, ...]:
    ends = run.row.ends
    after = f"{run.billed_s_after(run.ended_at):.1f} s" if ends == "STOPPED" else ""
    released = "" if run.released_at is None else f"{run.released_at - run.ended_at:.1f} s"
    status = " ".join(filter(None, (run.described["status"], run.described.get("error"))))
    return run.row.name, status, run.model["status"], run.settled_by or "–", released, after


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["", *(f"| {' | '.join(line)} |" for line in lines)]
