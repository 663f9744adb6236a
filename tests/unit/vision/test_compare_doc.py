"""The sample of docs/compare.md is what the comparison gives."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.detection_worlds import Model, predictions, truth
from tests.unit.vision.comparing import Command

DOC = Path(__file__).parents[3] / "docs" / "compare.md"


def test_the_sample_is_computed(compare: Command) -> None:
    data = truth(100, 7, 4.0, ("bee", "wasp"))
    done = compare(
        compare.file("t.json", data),
        "--threshold",
        "First=30",
        "--threshold",
        "Second=30",
        First=compare.file("a.json", predictions(data, Model(found=0.85, invented=0.2), 1)),
        Second=compare.file("b.json", predictions(data, Model(found=0.6, invented=0.3, grow=1.3, misnamed=0.1), 2)),
    )

    lines = [
        f"> {done.output['verdict']}",
        "",
        "| model | precision | recall | F1 | AP | AP@.5 |",
        "|---|---|---|---|---|---|",
    ]
    for name, model in done.output["models"].items():
        rates = (
            f"{each['value']:.3f} ({each['low']:.3f} to {each['high']:.3f})"
            for each in (model["precision"], model["recall"], model["f1"])
        )
        lines.append(f"| {name} | {' | '.join(rates)} | {model['ap']:.3f} | {model['ap50']:.3f} |")
    written = re.search(r"<!-- sample -->\n(.*?)\n?<!-- /sample -->", DOC.read_text("utf-8"), re.DOTALL)
    assert written is not None
    assert written[1].splitlines() == lines, "\n".join(lines)
