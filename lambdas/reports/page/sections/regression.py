"""The run beside those before it: on the first screen, as a drop is what a reader must not miss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iu_tuner.contract.model_arn import names_in
from lambdas.reports.page.html.contents import Note, Table, Tone
from lambdas.reports.page.html.formats import day, moment, tps

WHICH = {"sameModel": "the last run of this model", "versionBefore": "the last run of the version before"}
# What the intervals prove -> the title and how good that is; the first one that is found counts.
TITLES: dict[str | None, tuple[str, Tone]] = {
    "dropped": ("Slower than before", "bad"),
    "risen": ("Faster than before", "good"),
    "within": ("The same as before", "good"),
    None: ("Not compared with earlier runs", "caution"),
}
AFTER_A_DROP = (
    " If the images are the same, look at what changed in the model before you rely on it. The numbers on this page"
    " count on the lower rate."
)


def earlier(started_at: str, answer: Mapping[str, Any]) -> tuple[Note, ...]:
    """A note on the last run of this model and that of the version before, where there are any."""
    before = {name: run for name, run in answer.get("comparedWith", {}).items() if run is not None}
    if not before:
        return ()
    changes = [run["change"] for run in before.values()]
    title, tone = next(TITLES[change] for change in TITLES if change in changes)
    if None in changes:
        text = str(answer["regressionDetail"])
    else:
        text = " ".join(_sentence(WHICH[name], run) for name, run in before.items())
    return (
        Note(
            "earlier",
            title,
            text + (AFTER_A_DROP if "dropped" in changes else ""),
            tone,
            _table(started_at, answer, before),
        ),
    )


def _sentence(which: str, run: Mapping[str, Any]) -> str:
    named, percent = f"{which} ({day(run['startedAt'])})", f"{abs(run['changePercent']):.1f} %"
    match run["change"]:
        case "dropped":
            return f"An inference unit carries {percent} less than in {named}: more than the intervals explain."
        case "risen":
            return f"An inference unit carries {percent} more than in {named}: more than the intervals explain."
        case _:
            signed = f"{run['changePercent']:+.1f} %"
            return f"An inference unit carries as much as in {named}, within the intervals ({signed})."


def _table(started_at: str, answer: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]) -> Table:
    units, rate = answer["inferenceUnits"], answer["maxTps"]
    per_unit = [None if rate[end] is None else rate[end] / units for end in ("low", "high")]
    rows = [
        (
            "This run",
            answer["runId"],
            _version(answer["modelArn"]),
            moment(started_at),
            _rate(answer["tpsPerInferenceUnit"]),
            _range(*per_unit),
            "",
            answer["verdict"],
        )
    ]
    rows += [
        (
            WHICH[name].capitalize(),
            run["runId"],
            _version(run.get("modelArn", answer["modelArn"])),
            moment(run["startedAt"]),
            _rate(run["tpsPerInferenceUnit"]),
            _range(run["low"], run["high"]),
            "–" if run["changePercent"] is None else f"{run['changePercent']:+.1f} %",
            run["verdict"],
        )
        for name, run in before.items()
    ]
    columns = ("Which", "Run", "Version", "Began", "Requests/s per unit", "95 % interval", "Change", "Verdict")
    return Table("earlier", "The numbers", columns, tuple(rows), numbers=frozenset({4, 5, 6}))


def _version(arn: str) -> str:
    names = names_in(arn)
    return names.version if names else arn


def _rate(value: float | None) -> str:
    return "–" if value is None else tps(value)


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return "–"
    return f"at least {tps(low)}" if high is None else f"{tps(low)} to {tps(high)}"
