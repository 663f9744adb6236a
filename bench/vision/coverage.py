"""`python -m bench.vision.coverage`: how often a 95 % interval holds the true value, in 500 worlds of 100 images.

A world is a made-up truth and two made-up models; the true values are those of one world of 20,000 images. hotcoco's
intervals of the same difference stand beside. With --check the exit code is 1 if one of our shares is outside 93 to
97 %: a share of 500 worlds is known to 2 % only, one of 3,000 to 0.8 %.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hotcoco

from bench.tables import markdown
from iu_tuner.vision.compare.alignment import align
from iu_tuner.vision.compare.comparison import Candidate, Comparison, compare, mean_precision
from iu_tuner.vision.formats.read import read_predictions, read_truth
from iu_tuner.vision.formats.sources import parse_source, parse_truth
from iu_tuner.vision.statistics.intervals import Interval
from tests.support.detection_worlds import Model, predictions, truth

WORLDS, IMAGES, POPULATION = 500, 100, 20_000
HOTCOCO_RESAMPLES = 200
THRESHOLD = 40.0
MODELS = {"A": Model(found=0.8, invented=0.4), "B": Model(found=0.65, invented=0.6)}
LEAST, MOST = 0.93, 0.97


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--first", type=int, default=1, help="the first world: to share the work between processes")
    parser.add_argument("--without-hotcoco", action="store_true")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args(arguments)
    shares = covered(chosen.worlds, first=chosen.first, with_hotcoco=not chosen.without_hotcoco)
    print(
        markdown(
            ["interval", "holds the true value"], [[name, f"{100 * share:.1f} %"] for name, share in shares.items()]
        )
    )
    ours = [share for name, share in shares.items() if "hotcoco" not in name]
    return int(chosen.check and not all(LEAST <= share <= MOST for share in ours))


def covered(worlds: int, *, first: int = 1, with_hotcoco: bool, population: int = POPULATION) -> dict[str, float]:
    """The share of worlds in which each interval holds the true value."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        true = _true_values(folder, population)
        hits: Counter[str] = Counter()
        for seed in range(first, first + worlds):
            for key, each in _intervals(_world(folder, IMAGES, seed)).items():
                hits[key] += _holds(each, true[key])
            if with_hotcoco:
                hits["AP@.5, A - B, by hotcoco"] += _hotcoco_holds(folder, true["AP@.5, A - B"])
    return {key: count / worlds for key, count in hits.items()}


def _world(folder: Path, images: int, seed: int, models: Mapping[str, Model] = MODELS) -> Comparison:
    data = truth(images, seed)
    (folder / "truth.json").write_text(json.dumps(data), "utf-8")
    true = read_truth(parse_truth(str(folder / "truth.json")))
    candidates = []
    for number, (name, model) in enumerate(models.items()):
        path = folder / f"{name}.json"
        path.write_text(json.dumps(predictions(data, model, 10 * seed + number)), "utf-8")
        found = read_predictions(parse_source(str(path)), None, true)
        aligned = align(name, true, found, missing_as_empty=True, ignore_others=False)
        candidates.append(Candidate(name, aligned, found.classes, given_threshold=THRESHOLD))
    return compare(true, candidates, iou=0.5, error_costs=None)


def _true_values(folder: Path, images: int) -> dict[str, float | None]:
    """The values on a large world. Each model is alone in it, as intervals of differences would take long."""
    alone = [_world(folder, images, 0, {name: model}) for name, model in MODELS.items()]
    rates = [{name: each.value for name, each in one.evaluations[0].point.rates[-1].intervals.items()} for one in alone]
    a, b = ({**each, "AP@.5": mean_precision(one.evaluations[0], 1)} for each, one in zip(rates, alone, strict=True))
    return {
        **{f"{name} of A": value for name, value in rates[0].items()},
        **{f"{name}, A - B": (a[name] or 0.0) - (b[name] or 0.0) for name in a},
    }


def _intervals(found: Comparison) -> dict[str, Interval]:
    rates = found.evaluations[0].point.rates[-1].intervals
    gap = found.differences[0].intervals[-1]
    return {
        **{f"{name} of A": each for name, each in rates.items()},
        **{f"{name}, A - B".replace("ap50", "AP@.5"): each for name, each in gap.items()},
    }


def _holds(interval: Interval, value: float | None) -> bool:
    if value is None or interval.low is None or interval.high is None:
        return False
    return interval.low <= value <= interval.high


def _hotcoco_holds(folder: Path, value: float | None) -> bool:
    made: list[Any] = []
    with contextlib.redirect_stdout(io.StringIO()):
        true = hotcoco.COCO(str(folder / "truth.json"))
        for name in MODELS:
            each = hotcoco.COCOeval(true, true.loadRes(str(folder / f"{name}.json")), "bbox")
            each.evaluate()
            made.append(each)
        # It gives the second minus the first.
        found = hotcoco.compare(made[1], made[0], n_bootstrap=HOTCOCO_RESAMPLES, seed=1, confidence=0.95)["ci"]["AP50"]
    return value is not None and bool(found["lower"] <= value <= found["upper"])


if __name__ == "__main__":
    sys.exit(main())
