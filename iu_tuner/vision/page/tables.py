"""The tables of a comparison: rates, differences, errors by kind, calibration, cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iu_tuner.vision.compare.kinds import KINDS
from iu_tuner.vision.page.markup import interval, number, section, share, table, text

Json = Mapping[str, Any]
MAX_OPEN_CLASSES = 12  # with more classes, their rows are behind a summary
_RATES = ("precision", "recall", "f1")
POINTS = {
    "given": "given",
    "assumed": "assumed by the training",
    "bestF1": "best F1, chosen on the other half of the images",
    "lowestCost": "lowest cost of errors, chosen on the other half of the images",
    "all": "every detection counts",
}


def rates(output: Json) -> str:
    """Precision, recall and F1 of each model, over all classes and of each."""
    headings = [
        "Model",
        "Class",
        "Threshold",
        "Precision",
        "Recall",
        "F1",
        "Right",
        "Wrong",
        "Missed",
        "AP",
        "AP@.5",
        "AP@.75",
    ]
    overall = [_rates_row(name, "all", model) for name, model in output["models"].items()]
    absent_classes = set(output["classesWithoutTruth"])
    by_class = [
        _rates_row(name, klass, values)
        for klass in output["classes"]
        for name, model in output["models"].items()
        if (values := model["perClass"][klass]) and (klass not in absent_classes or values["falsePositives"])
    ]
    parts = [table("Rates of all classes", headings, overall, 2)]
    if len(output["classes"]) > 1:
        rows = table("Rates by class", headings, by_class, 2)
        parts.append(_folded(f"{len(output['classes'])} classes", rows, len(output["classes"]) > MAX_OPEN_CLASSES))
    notes = [
        f"{text(name)}: {note}"
        for name, model in output["models"].items()
        for note in sorted({model[rate]["note"] for rate in _RATES if "note" in model[rate]})
    ]
    if absent_classes:
        parts.append(
            f'<p class="note">Average precision leaves out classes without an object in the truth: '
            f"{', '.join(map(text, sorted(absent_classes)))}. Their false alarms count in the rates.</p>"
        )
    parts += [f'<p class="note">{note}.</p>' for note in notes]
    note = '<p class="note">Below a rate: its 95 % interval. AP is average precision, as pycocotools counts it.</p>'
    return section("rates", "How right each model is", *parts, note)


def _rates_row(name: str, klass: str, values: Json) -> list[str]:
    threshold = "by class" if values["threshold"] is None else f"{values['threshold']:g}"
    return [
        text(name),
        text(klass),
        threshold,
        *(interval(values[rate]) for rate in _RATES),
        *(f"{values[count]:,}" for count in ("truePositives", "falsePositives", "falseNegatives")),
        *(share(values[rate]) for rate in ("ap", "ap50", "ap75")),
    ]


def points(output: Json) -> str:
    """Each model at its given, assumed and best thresholds."""
    rows = [
        [
            text(name),
            POINTS[kind],
            "by class" if point["threshold"] is None else f"{point['threshold']:.4g}",
            *(interval(point[rate]) for rate in _RATES),
        ]
        for name, model in output["models"].items()
        for kind, point in model["thresholds"].items()
    ]
    headings = ["Model", "Threshold", "Value", "Precision", "Recall", "F1"]
    return section("thresholds", "At other thresholds", table("Rates at other thresholds", headings, rows, 2))


def differences(output: Json) -> str:
    """The differences of each two models, with intervals on the same resampled images."""
    if not output["differences"]:
        return ""
    rates_ = (*_RATES, "ap50")
    rows = [
        [f"{text(each['a'])} − {text(each['b'])}", text(klass), *(interval(values[rate]) for rate in rates_)]
        for each in output["differences"]
        for klass, values in _overall_and_classes(each)
        if klass == "all" or klass not in output["classesWithoutTruth"]
    ]
    headings = ["Models", "Class", "Precision", "Recall", "F1", "AP@.5"]
    all_open = len(output["classes"]) <= MAX_OPEN_CLASSES
    open_rows = rows if all_open else [row for row in rows if row[1] == text("all")]
    note = (
        '<p class="note">An interval that does not hold 0 is a difference that other images of the same kind would show'
        " too. Both models are resampled on the same images.</p>"
    )
    folded_table = (
        "" if all_open else _folded("Differences by class", table("Differences by class", headings, rows, 2), True)
    )
    return section("differences", "What differs", table("Differences", headings, open_rows, 2), folded_table, note)


def _overall_and_classes(each: Json) -> Iterator[tuple[str, Json]]:
    yield "all", each
    if len(each["perClass"]) > 1:
        yield from each["perClass"].items()


def kinds(output: Json) -> str:
    """The errors of each model by kind."""
    names = list(output["models"])
    headings = ["Kind", "Meaning"]
    for name in names:
        headings += [f"{text(name)}: errors", "lost AP"]
    rows = []
    for kind, meaning in KINDS.items():
        row = [kind, meaning]
        for name in names:
            error = output["models"][name]["errors"][kind]
            row += [f"{error['count']:,}", share(error["lostAp"])]
        rows.append(row)
    note = (
        '<p class="note">Of all detections, whatever their confidence. Lost AP is the rise in AP that a model without '
        "these errors would have (TIDE).</p>"
    )
    fits = "".join(
        f"<li>{text(name)}: {_fit(model)}</li>" for name, model in output["models"].items() if model["medianIou"]
    )
    return section(
        "errors", "Errors by kind", table("Errors by kind", headings, rows, 2), note, f"<ul>{fits}</ul>" if fits else ""
    )


def _fit(model: Json) -> str:
    ratio = model["medianAreaRatio"]
    return (
        f"a box that is right overlaps its object by {model['medianIou']:.2f} (median), "
        f"and has {ratio:.2f} times its area"
    )


def cost(output: Json) -> str:
    """Dollars, latency and training of each model, and the volume at which two cost the same."""
    headings = [
        "Model",
        "$ per 1,000 images",
        "$ a month, fixed",
        "p50 ms",
        "p95 ms",
        "Training h",
        "Training $",
        "Errors, $ per 1,000",
    ]
    fields = (
        ("usdPer1000Images", 3),
        ("usdPerMonth", 2),
        ("p50Ms", 0),
        ("p95Ms", 0),
        ("trainingHours", 1),
        ("trainingUsd", 2),
    )
    rows = [
        [
            text(name),
            *(number(model["running"][field], digits) for field, digits in fields),
            number(model.get("errorUsdPer1000Images")),
        ]
        for name, model in output["models"].items()
    ]
    if all(cell == "–" for row in rows for cell in row[1:]):
        return ""
    return section("cost", "What it costs", table("Cost", headings, rows), _rules(output))


def _rules(output: Json) -> str:
    """When to use which model: by volume, by accuracy, by time, each with the number that decides it."""
    rules = [
        f"<b>Volume.</b> {text(each['a'])} and {text(each['b'])} cost the same at {each['imagesPerMonth']:,} images "
        "a month: with fewer, the one that is paid by use costs less."
        for each in output["breakEven"]
    ]
    for each in output["differences"][:1]:
        difference = each["f1"]
        if difference["low"] is not None:
            verb = "is" if difference["low"] > 0 or difference["high"] < 0 else "is not"
            rules.append(
                f"<b>Accuracy.</b> F1 differs by {difference['value']:+.3f} "
                f"({difference['low']:.3f} to {difference['high']:.3f}), {text(each['a'])} minus {text(each['b'])}: "
                f"the difference {verb} clear on these images."
            )
    hours = {name: model["running"]["trainingHours"] for name, model in output["models"].items()}
    if None not in hours.values() and len(hours) > 1:
        training_times = ", ".join(f"{text(name)} {value:g} h" for name, value in hours.items())
        rules.append(f"<b>Time.</b> Training takes {training_times}: that is how soon each can be used.")
    items = "".join(f"<li>{rule}</li>" for rule in rules)
    return f"<h3>When to use which</h3><ul>{items}</ul>" if items else ""


def _folded(summary: str, content: str, is_folded: bool) -> str:
    return f"<details><summary>{summary}</summary>{content}</details>" if is_folded else content


def stamp(provenance: Json) -> Sequence[str]:
    """What the comparison was made from, a line each."""
    versions = ", ".join(f"{name} {value}" for name, value in provenance["versions"].items())
    parameters = ", ".join(f"{name} {value}" for name, value in provenance["parameters"].items())
    return [
        f"truth SHA-256 {provenance['truthSha256']}",
        *(f"{text(name)} SHA-256 {value}" for name, value in provenance["predictionsSha256"].items()),
        text(versions),
        text(parameters),
    ]
