"""Result files: their place, their content, and whether they are current."""

import json
from dataclasses import replace

import pytest

from iu_tuner.contract.detections import Detections, Label, ListedImage
from lambdas.models.ports import Result
from lambdas.processing.image_result import Question, ResultKeys, error_file, is_too_long, result_file
from lambdas.processing.outcomes import Failure

MODEL = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v/1"
IMAGE = ListedImage("incoming/a é+%.jpg", "9b2", 104857)
ASKED = Question(MODEL, "images", min_confidence=50)
AT = "2026-11-29T01:02:03.456Z"


@pytest.mark.parametrize(
    ("now", "image", "current"),
    [
        (ASKED, IMAGE, True),
        (replace(ASKED, min_confidence=50.0), IMAGE, True),
        (replace(ASKED, min_confidence=51), IMAGE, False),
        (replace(ASKED, min_confidence=None), IMAGE, False),
        (replace(ASKED, keep_from=50, min_confidence=70), IMAGE, True),
        (replace(ASKED, keep_from=0), IMAGE, False),
        (replace(ASKED, model_arn=f"{MODEL}2"), IMAGE, False),
        (ASKED, replace(IMAGE, e_tag="other"), False),
        (ASKED, replace(IMAGE, version_id="v2"), True),
    ],
)
def test_a_result_is_current_if_the_same_would_be_asked_now(now, image, current):
    stored = {**ASKED.metadata(IMAGE), "other": "metadata"}

    assert now.is_current(image, stored) is current
    assert not now.is_current(image, {})


def test_a_file_has_the_answer_and_what_was_asked():
    answer = {"CustomLabels": [{"Name": "bee", "Confidence": 99.968}], "ResponseMetadata": {"RequestId": "r-1"}}
    found = Detections(IMAGE, (Label("bee", 99.968),), 183, 1, AT)

    response = json.loads(result_file(ASKED, Result(answer, found.labels), found))

    assert {name: response[name] for name in answer} == answer
    assert response["Inference"] == {
        "version": 1,
        "modelArn": MODEL,
        "minConfidence": 50,
        "image": {"bucket": "images", "key": IMAGE.key, "eTag": "9b2", "versionId": None, "size": 104857},
        "at": AT,
        "ms": 183,
        "attempts": 1,
    }


def test_a_file_says_from_which_confidence_labels_are_kept():
    keeping, found = replace(ASKED, keep_from=0), Detections(IMAGE, (), 183, 1, AT)

    told = json.loads(result_file(keeping, Result({"CustomLabels": []}, ()), found))["Inference"]

    assert (told["minConfidence"], told["keepFrom"], keeping.requested_confidence) == (50, 0, 0)


def test_the_file_of_an_error():
    failure = Failure(IMAGE, "InvalidImageFormatException", "Request has invalid image format", 1, permanent=True)

    told = json.loads(error_file(ASKED, failure, AT))

    assert told["Error"] == {"Code": failure.error, "Message": failure.message, "Permanent": True}
    assert told["Inference"]["image"]["key"] == IMAGE.key


def test_the_keys_of_files():
    beside, apart = ResultKeys(), ResultKeys("results/")

    assert (beside.of_result(IMAGE.key), beside.of_error(IMAGE.key)) == (
        "incoming/a é+%.jpg.json",
        "incoming/a é+%.jpg.error.json",
    )
    assert apart.of_result(IMAGE.key) == "results/incoming/a é+%.jpg.json"
    # A character of two bytes.
    assert [is_too_long("é" * 511 + tail) for tail in ("ab", "abc")] == [False, True]
