"""The comparison with earlier runs. It is on the first screen, since a reader must not miss a drop."""

from __future__ import annotations

from collections.abc import Mapping

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.result import ComparedWith, EarlierRun, Output
from iu_tuner.formats import tps
from lambdas.reports.page.html.contents import Note, Table, Tone
from lambdas.reports.page.html.formats import day, moment

SAME_MODEL, VERSION_BEFORE = "the last run of this model", "the last run of the version before"
# What the intervals prove -> the title and its tone; the first entry that applies is used.
TITLES: dict[str | None, tuple[str, Tone]] = {
    "dropped": ("Slower than before", "bad"),
    "risen": ("Faster than before", "good"),
    "within": ("The same as before", "good"),
    None: ("Not compared with earlier runs", "caution"),
}
DROP_ADVICE = (
    " If the images are the same, look at what changed in the model before you rely on it. The numbers on this page"
    " count on the lower rate."
)


def earlier(started_at: str, answer: Output) -> tuple[Note, ...]:
    """A note on the last run of this model and that of the version before; empty if there are none."""
    comparison = answer.compared_with or ComparedWith(None, None)
    earlier_runs = {SAME_MODEL: comparison.same_model, VERSION_BEFORE: comparison.version_before}
    known_runs = {which: run for which, run in earlier_runs.items() if run is not None}
    if not known_runs:
        return ()
    changes = [run.change for run in known_runs.values()]
    title, tone = next(TITLES[change] for change in TITLES if change in changes)
    if None in changes:
        text = str(answer.regression_detail)
    else:
        text = " ".join(_sentence(which, run) for which, run in known_runs.items())
    return (
        Note(
            "earlier",
            title,
            text + (DROP_ADVICE if "dropped" in changes else ""),
            tone,
            _table(started_at, answer, known_runs),
        ),
    )


def _sentence(which: str, run: EarlierRun) -> str:
    change = run.change_percent or 0.0
    run_text, percent_text = f"{which} ({day(run.started_at)})", f"{abs(change):.1f} %"
    match run.change:
        case "dropped":
            return f"An inference unit carries {percent_text} less than in {run_text}: more than the intervals explain."
        case "risen":
            return f"An inference unit carries {percent_text} more than in {run_text}: more than the intervals explain."
        case _:
            change_text = f"{change:+.1f} %"
            return f"An inference unit carries as much as in {run_text}, within the intervals ({change_text})."


def _table(started_at: str, answer: Output, earlier_runs: Mapping[str, EarlierRun]) -> Table:
    low, high = (answer.per_unit.low, answer.per_unit.high) if answer.per_unit else (None, None)
    rows: list[tuple[str, ...]] = [
        (
            "This run",
            answer.run_id,
            _version(answer.model_arn),
            moment(started_at),
            _rate(answer.tps_per_inference_unit),
            _range(low, high),
            "",
            answer.verdict,
        )
    ]
    rows += [
        (
            which.capitalize(),
            run.run_id,
            _version(run.model_arn or answer.model_arn),
            moment(run.started_at),
            _rate(run.tps_per_inference_unit),
            _range(run.low, run.high),
            "–" if run.change_percent is None else f"{run.change_percent:+.1f} %",
            run.verdict,
        )
        for which, run in earlier_runs.items()
    ]
    columns = ("Which", "Run", "Version", "Began", "Requests/s per unit", "95 % interval", "Change", "Verdict")
    return Table("earlier", "The numbers", columns, tuple(rows), numbers=frozenset({4, 5, 6}))


def _version(arn: str) -> str:
    model = ModelArn.find(arn)
    return model.version if model else arn


def _rate(value: float | None) -> str:
    return "–" if value is None else tps(value)


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return "–"
    return f"at least {tps(low)}" if high is None else f"{tps(low)} to {tps(high)}"
