"""Public files with their known numbers: average precision of the source, of pycocotools and of hotcoco."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from iu_tuner.vision.formats.labels import count_at
from iu_tuner.vision.formats.read import read_truth
from iu_tuner.vision.formats.rekognition import labels_of_answer
from iu_tuner.vision.formats.sources import parse_truth
from tests.unit.vision.comparing import CASES, REAL, Command

CATS = (0.5979231494578029, 0.8902640264026402, 0.5092409240924093, 0.6583333333333334)
NUMBERS = {
    ("val2014-100-truth.json", "val2014-100-predictions.json"): (
        0.5045806987249628,
        0.6969727247299577,
        0.5729816669904823,
        0.595352982877607,
    ),
    ("cats-truth.JSON", "cats-predictions-as-dataset.json"): CATS,
    ("shapes-truth.json", "shapes-predictions.json"): (*[0.6947194719471946] * 3, 0.75),
    ("edge-truth.json", "edge-predictions.json"): (*[0.7128712871287128] * 3, 0.7142857142857143),
    ("image-id-as-text-truth.json", "image-id-as-text-predictions.json"): (
        0.7099009900990099,
        1.0,
        0.8415841584158416,
        0.7153846153846154,
    ),
}


def four(model: dict[str, Any]) -> tuple[float, ...]:
    return tuple(model[name] for name in ("ap", "ap50", "ap75", "ar100"))


@pytest.mark.parametrize(("files", "expected"), NUMBERS.items(), ids=lambda value: str(value[0]).partition("-")[0])
def test_public_files_have_the_numbers_that_their_sources_state(
    compare: Command, files: tuple[str, str], expected: tuple[float, ...]
) -> None:
    done = compare(REAL / files[0], A=REAL / files[1])

    assert done.code == 0
    assert four(done.output["models"]["A"]) == pytest.approx(expected, abs=1e-9)


def test_an_image_without_predictions_is_empty_in_coco_and_counted(compare: Command) -> None:
    done = compare(REAL / "val2014-100-truth.json", A=REAL / "val2014-100-predictions.json")

    assert done.output["models"]["A"]["imagesWithoutPredictions"] == 1
    assert "1 of 100 images have no predictions, and count as empty" in done.err


def test_answers_of_tensorflow_serving_have_the_numbers_of_the_same_detections_in_coco(compare: Command) -> None:
    names = compare.file("names.json", {"1": "cat"})

    done = compare(REAL / "cats-truth.JSON", "--class-map", f"TF={names}", TF=f"{REAL / 'tensorflow-cats'}:tensorflow")

    assert four(done.output["models"]["TF"]) == pytest.approx(CATS, abs=1e-9)


def test_json_lines_of_tensorflow_have_the_numbers_of_the_folder(compare: Command) -> None:
    names = compare.file("names.json", {"1": "cat"})
    lines = [
        json.dumps({"key": path.name.removesuffix(".json"), **json.loads(path.read_text("utf-8"))})
        for path in sorted((REAL / "tensorflow-cats").iterdir())
    ]
    file = compare.file("answers.jsonl", "\n".join(lines))

    done = compare(REAL / "cats-truth.JSON", "--class-map", f"TF={names}", TF=f"{file}:tensorflow")

    assert four(done.output["models"]["TF"]) == pytest.approx(CATS, abs=1e-9)


def test_tensorflow_without_names_of_its_classes_is_refused(compare: Command) -> None:
    done = compare(REAL / "cats-truth.JSON", TF=f"{REAL / 'tensorflow-cats'}:tensorflow")

    assert done.code == 2
    assert "--class-map" in done.err


def test_a_service_of_another_make_is_refused_with_one_sentence(compare: Command) -> None:
    done = compare(REAL / "cats-truth.JSON", TF=f"{REAL / 'other-tensorflow-service.json'}:tensorflow")

    assert done.code == 2
    assert "no answer of TensorFlow Serving" in done.err
    assert "Traceback" not in done.err


def test_an_answer_of_rekognition_has_its_counts_at_each_threshold(compare: Command) -> None:
    labels = labels_of_answer(json.loads((REAL / "rekognition-fields.json").read_text("utf-8")))

    assert [count_at(labels, least) for least in (0, 50, 70, 80)] == [36, 23, 13, 9]
    assert [count_at(labels, 0, f"{kind}active field") for kind in ("", "semi-", "non-")] == [14, 14, 8]

    classes = ["active field", "semi-active field", "non-active field"]
    truth = {
        "images": [{"id": 1, "file_name": "field.jpg", "width": 800, "height": 600}],
        "annotations": [],
        "categories": [{"id": number, "name": name} for number, name in enumerate(classes)],
    }
    folder = compare.folder / "results"
    folder.mkdir()
    shutil.copy(REAL / "rekognition-fields.json", folder / "field.jpg.json")
    done = compare(compare.file("truth.json", truth), "--threshold", "CL=70", CL=folder)

    assert done.output["models"]["CL"]["falsePositives"] == 13
    assert done.output["models"]["CL"]["detectionsAtLeast"]["80"] == 9
    assert done.output["models"]["CL"]["ap"] is None


def test_a_labelling_jobs_manifest_is_a_truth_and_can_be_compared_with_itself(compare: Command) -> None:
    manifest = REAL / "birds-boxes.manifest"
    truth = read_truth(parse_truth(str(manifest)))
    assert (len(truth.images), sum(len(image.labels) for image in truth.images), truth.classes) == (100, 192, ("Bird",))

    done = compare(manifest, "--threshold", "Workers=0", Workers=f"{manifest}#category")

    model = done.output["models"]["Workers"]
    assert (model["ap"], model["truePositives"], model["falsePositives"]) == (1.0, 192, 0)
    assert done.output["verdict"] == "Workers has recall 1.00 and precision 1.00; 100 images."


def test_lookouts_evaluation_has_truth_and_prediction_side_by_side(compare: Command) -> None:
    def line(number: int, truth: str, found: str) -> dict[str, Any]:
        kind = {"type": "groundtruth/image-classification"}
        return {
            "source-ref": f"s3://bucket/{number}.jpg",
            "source-ref-metadata": {"creation-date": "2020-05-22T21:33:37.201882"},
            "anomaly-label-metadata": {"class-name": truth, **kind},
            "anomaly-label": 1,
            "anomaly-label-detected": 1,
            "anomaly-label-detected-metadata": {"class-name": found, "confidence": 0.9, **kind},
        }

    rows = [line(1, "anomaly", "anomaly"), line(2, "normal", "normal"), line(3, "normal", "anomaly")]
    file = compare.file("evaluation.manifest", "\n".join(map(json.dumps, rows)))

    done = compare(f"{file}#anomaly-label", "--threshold", "L4V=50", L4V=f"{file}#anomaly-label-detected")
    unnamed = compare(file, L4V=f"{file}#anomaly-label-detected")

    anomaly = done.output["models"]["L4V"]["perClass"]["anomaly"]
    assert (anomaly["truePositives"], anomaly["falsePositives"], anomaly["falseNegatives"]) == (1, 1, 0)
    assert done.output["models"]["L4V"]["exactImages"] == pytest.approx(2 / 3)
    assert unnamed.code == 2
    assert "name the label attribute" in unnamed.err
    assert "anomaly-label, anomaly-label-detected" in unnamed.err


def test_a_lookout_verdict_is_ranked_by_how_sure_it_is_of_an_anomaly() -> None:
    sure_normal = labels_of_answer({"DetectAnomalyResult": {"IsAnomalous": False, "Confidence": 0.99164}})
    anomalous = labels_of_answer({"DetectAnomalyResult": {"IsAnomalous": True, "Confidence": 0.98398}})

    assert [(label.name, label.confidence) for label in (*sure_normal, *anomalous)] == [
        ("normal", 99.164),
        ("anomaly", 98.398),
    ]


def test_a_false_alarm_of_a_class_without_truth_lowers_precision_and_is_listed(compare: Command) -> None:
    done = compare(CASES / "truth.json", A=CASES / "false-alarm-of-a-class-without-truth.json")

    model = done.output["models"]["A"]
    assert (model["ap"], model["precision"]["value"]) == (1.0, 0.5)
    assert "the truth has no object of the class wasp: 1 false alarm" in done.err
    assert done.output["classesWithoutTruth"] == ["wasp"]


def test_a_false_alarm_on_an_empty_image_counts(compare: Command) -> None:
    done = compare(CASES / "truth.json", A=CASES / "false-alarm-on-an-empty-image.json")

    assert done.output["models"]["A"]["ap"] == pytest.approx(0.5)


def test_results_for_an_image_that_the_truth_does_not_have_are_refused_by_its_id(compare: Command) -> None:
    predictions = CASES / "image-that-is-not-in-the-truth.json"

    refused = compare(CASES / "truth.json", A=predictions)
    left_out = compare(CASES / "truth.json", "--ignore-other-images", A=predictions)

    assert (refused.code, left_out.code) == (2, 0)
    assert "A: the image 3 is not in the truth" in refused.err
    assert left_out.output["models"]["A"]["otherImagesLeftOut"] == 1


def test_ids_are_texts_or_numbers_and_names_win_over_ids(compare: Command) -> None:
    truth = json.loads((REAL / "cats-truth.JSON").read_text("utf-8"))
    other = json.loads((REAL / "cats-predictions-as-dataset.json").read_text("utf-8"))
    for image in other["images"]:
        image["id"] = f"x{image['id']}"
    for each in other["annotations"]:
        each["image_id"], each["category_id"] = f"x{each['image_id']}", "7"
    other["categories"] = [{"id": 7, "name": "cat"}]

    done = compare(compare.file("t.json", truth), A=compare.file("p.json", other))

    assert four(done.output["models"]["A"]) == pytest.approx(CATS, abs=1e-9)
