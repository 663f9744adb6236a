"""Average precision equals that of pycocotools and of hotcoco, on random sets with everything that is awkward."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import hotcoco
import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from iu_tuner.vision.compare.alignment import align, to_boxes
from iu_tuner.vision.compare.kinds import errors_by_kind
from iu_tuner.vision.compare.matching import COCO_THRESHOLDS, Matches, match
from iu_tuner.vision.compare.precision import average_precisions, objects_by_image, resampled_average_precision
from iu_tuner.vision.formats.read import read_predictions, read_truth
from iu_tuner.vision.formats.sources import parse_source, parse_truth
from iu_tuner.vision.statistics.calibration import calibration
from iu_tuner.vision.statistics.intervals import Resamples

Json = dict[str, Any]
KINDS = {"classification": "Cls", "localisation": "Loc", "both": "Both", "duplicate": "Dupe", "background": "Bkg"}


def random_set(seed: int, *, crowds: float = 0.1) -> tuple[Json, list[Json]]:
    """A truth and results: crowds, empty images, ties, boxes that overlap, and now and then over 100 detections."""
    chance = np.random.default_rng(seed)
    images, classes = int(chance.integers(1, 9)), int(chance.integers(1, 4))
    annotations: list[Json] = []
    results: list[Json] = []

    def box() -> list[int]:
        return [*chance.integers(0, 300, 2).tolist(), *chance.integers(10, 150, 2).tolist()]

    def found(image: int, klass: int, sides: list[int]) -> None:
        score = round(float(chance.random()), 1 if chance.random() < 0.3 else 6)
        results.append({"image_id": image, "category_id": klass, "bbox": sides, "score": score})

    for image in chance.permutation(images).tolist():
        for _ in range(int(chance.integers(0, 5))):
            sides, klass = box(), int(chance.integers(1, classes + 1))
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image, "category_id": klass, "bbox": sides}
                | {"area": sides[2] * sides[3], "iscrowd": int(chance.random() < crowds)}
            )
            while chance.random() < 0.6:
                moved = [max(1, side + int(by)) for side, by in zip(sides, chance.integers(-15, 16, 4), strict=True)]
                found(image, klass if chance.random() < 0.8 else int(chance.integers(1, classes + 1)), moved)
        for _ in range(int(chance.integers(0, 3)) if chance.random() > 0.03 else 130):
            found(image, int(chance.integers(1, classes + 1)), box())
    return {
        "images": [{"id": each, "file_name": f"{each}.jpg", "width": 640, "height": 480} for each in range(images)],
        "annotations": annotations,
        "categories": [{"id": each + 1, "name": f"class {each}"} for each in range(classes)],
    }, results


def matches_of(truth: Json, results: list[Json], folder: Path) -> tuple[Matches, int]:
    (folder / "truth.json").write_text(json.dumps(truth), "utf-8")
    (folder / "results.json").write_text(json.dumps(results), "utf-8")
    true = read_truth(parse_truth(str(folder / "truth.json")))
    found = read_predictions(parse_source(str(folder / "results.json")), None, true)
    aligned = align("A", true, found, missing_as_empty=True, ignore_others=False)
    classes = {name: number for number, name in enumerate(true.classes)}
    objects = to_boxes("truth", true.images, true, classes, with_boxes=True)
    detections = to_boxes("A", aligned.images, true, classes, with_boxes=True)
    return match(objects, detections, COCO_THRESHOLDS), len(classes)


def four(matches: Matches, classes: int) -> list[float]:
    """ap, ap50, ap75, ar100; -1 where the truth has no object, as the references say it."""
    precision, recall = average_precisions(matches, classes)
    if np.isnan(precision).all():
        return [-1.0] * 4
    return [float(np.nanmean(each)) for each in (precision, precision[:, 0], precision[:, 5], recall)]


def evaluated(coco: Any, evaluation: Any, folder: Path) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        true = coco(str(folder / "truth.json"))
        made = evaluation(true, true.loadRes(str(folder / "results.json")), "bbox")
        made.evaluate()
        made.accumulate()
        made.summarize()
    return made


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_random_sets_have_the_numbers_of_both_references(start: int, tmp_path: Path) -> None:
    for seed in range(start, start + 20):
        truth, results = random_set(seed)
        matches, classes = matches_of(truth, results, tmp_path)
        if not results:  # pycocotools takes no empty list
            continue
        ours = four(matches, classes)

        for coco, evaluation in ((COCO, COCOeval), (hotcoco.COCO, hotcoco.COCOeval)):
            stats = evaluated(coco, evaluation, tmp_path).stats
            assert ours == pytest.approx([stats[place] for place in (0, 1, 2, 8)], abs=1e-9), (seed, coco)


def test_errors_by_kind_and_calibration_are_those_of_hotcoco(tmp_path: Path) -> None:
    for seed in range(30):
        truth, results = random_set(seed, crowds=0)
        matches, classes = matches_of(truth, results, tmp_path)
        if not results or not truth["annotations"]:
            continue
        reference = evaluated(hotcoco.COCO, hotcoco.COCOeval, tmp_path)
        tide = reference.tide_errors()

        kinds = errors_by_kind(matches, 0, classes)
        assert {KINDS[name]: kinds[name].count for name in KINDS} == {
            name: tide["counts"][name] for name in KINDS.values()
        }
        for name in ("both", "duplicate", "background"):
            assert kinds[name].lost_precision == pytest.approx(tide["delta_ap"][KINDS[name]], abs=1e-9)
        counted = matches.rank < 100
        ours = calibration(matches.detections.score[counted], matches.right(0)[counted])
        assert ours.error == pytest.approx(reference.calibration()["ece"], abs=1e-9)


def test_a_resample_counts_an_image_as_often_as_it_is_drawn(tmp_path: Path) -> None:
    truth, results = random_set(3)
    matches, classes = matches_of(truth, results, tmp_path)
    resamples = Resamples(len(truth["images"]))
    weights = resamples.weights[7]

    def copies(image: int) -> list[int]:
        return [100 * image + copy for copy in range(int(weights[image]))]

    drawn = {
        "images": [{"id": copy} for each in truth["images"] for copy in copies(each["id"])],
        "annotations": [
            {**each, "image_id": copy} for each in truth["annotations"] for copy in copies(each["image_id"])
        ],
        "categories": truth["categories"],
    }
    drawn_results = [{**each, "image_id": copy} for each in results for copy in copies(each["image_id"])]
    expected = average_precisions(*matches_of(drawn, drawn_results, tmp_path))[0][:, 0]

    ours = resampled_average_precision(matches, 0, objects_by_image(matches, classes), resamples)[7]
    assert ours == pytest.approx(expected, abs=1e-9, nan_ok=True)
