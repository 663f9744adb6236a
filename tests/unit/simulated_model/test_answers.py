"""Answers by image: labels from a file or by content, thresholds, refused images, and the books by image."""

import hashlib
import itertools
import json

import pytest
from botocore.exceptions import ClientError

from iu_tuner.contract.detections import Label
from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.answers import Answers
from local.simulated_model.answers.outages import mean_share, outages_of, share_at
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.model_spec import ModelTruth, TruthError
from local.simulated_model.service import SimulatedService
from simulation.samples.pictures import jpeg

KEY, SHA = "incoming/a b+é.jpg", hashlib.sha256(jpeg()).digest()
BOX = {"left": 0.25, "top": 0.5, "width": 0.125, "height": 0.0625}
LINE = {"key": KEY, "labels": [{"name": name, "confidence": 45.0, "box": BOX} for name in ("bee", "hornet", "fly")]}
FAST = ModelTruth(tps_per_iu=1000.0, latency_mean_s=0.001)


def names(answers: Answers, key: str | None, least: float | None, most: int | None = None) -> list[str]:
    return [label["Name"] for label in json.loads(answers.body(key, SHA, most, least))["CustomLabels"]]


def test_labels_of_a_file_by_key_and_by_content():
    by_key, by_sha = (
        Answers(AnswerSetup(detections=(LINE,))),
        Answers(AnswerSetup(detections=({"sha256": SHA.hex(), "labels": LINE["labels"]},))),
    )

    assert names(by_key, KEY, 0) == names(by_sha, None, 0) == names(by_sha, KEY, 0) == ["bee", "hornet", "fly"]
    assert json.loads(by_key.body(KEY, SHA, 1, 0)) == {
        "CustomLabels": [
            {
                "Name": "bee",
                "Confidence": 45.0,
                "Geometry": {"BoundingBox": {"Width": 0.125, "Height": 0.0625, "Left": 0.25, "Top": 0.5}},
            }
        ]
    }
    assert by_key.body("other.jpg", SHA, None, 0) == Answers(AnswerSetup()).body(None, SHA, None, 0)


@pytest.mark.parametrize(
    ("least", "found"), [(None, ["hornet"]), (0, ["bee", "hornet", "fly"]), (45, ["bee", "hornet", "fly"]), (46, [])]
)
def test_without_a_least_confidence_the_assumed_thresholds_count(least, found):
    assert names(Answers(AnswerSetup(detections=(LINE,))), KEY, least) == found


def test_random_labels_depend_on_the_content_and_fit_into_the_image():
    bodies = {Answers(AnswerSetup()).body(None, hashlib.sha256(bytes([n])).digest(), None, 0) for n in range(50)}
    again = {Answers(AnswerSetup()).body("k", hashlib.sha256(bytes([n])).digest(), None, 0) for n in range(50)}

    assert bodies == again
    assert len(bodies) == 50
    for label in itertools.chain.from_iterable(json.loads(body)["CustomLabels"] for body in bodies):
        box = label["Geometry"]["BoundingBox"]
        assert 0 <= box["Left"] <= box["Left"] + box["Width"] <= 1
        assert 0 <= box["Top"] <= box["Top"] + box["Height"] <= 1


def test_a_refusal_by_key_or_content_always_or_some_times():
    poison = ({"key": KEY, "times": 2, "code": "InvalidS3ObjectException"}, {"sha256": SHA.hex()})
    answers = Answers(AnswerSetup(poison=poison))

    assert [answers.refusal(KEY, bytes(32)) for _ in range(3)] == ["InvalidS3ObjectException"] * 2 + [None]
    assert [answers.refusal(key, SHA) for key in (None, "b.jpg")] == ["InvalidImageFormatException"] * 2
    assert answers.refusal("b.jpg", bytes(32)) is None


@pytest.mark.parametrize(
    ("setup", "wrong"),
    [
        ({"detections": [{"labels": []}]}, "takes key or sha256"),
        ({"detections": [{"key": "a", "labels": [{"name": "bee", "confidence": "high"}]}]}, r"labels\[0\].confidence"),
        ({"poison": [{"key": "a", "times": 0}]}, "takes a name as code and a whole number"),
    ],
)
def test_a_setup_that_can_t_be_is_refused(setup, wrong):
    with pytest.raises(ValueError, match=wrong):
        AnswerSetup.from_mapping(setup)


def test_an_outage_takes_its_share_of_the_capacity():
    truth = ModelTruth(tps_per_iu=20, burst_s=0.1, outage="300:900:0.5")
    service = SimulatedService(truth, running_since_s=1000.0)

    accepted = [1000 + n / 100 for n in range(120_000) if service.offer(1000 + n / 100).kind == "accepted"]
    before, within, after = (
        sum(low <= at - 1000 < high for at in accepted) / (high - low)
        for low, high in ((0, 300), (300, 900), (900, 1200))
    )

    assert (before, within, after) == pytest.approx((20, 10, 20), rel=0.02)
    assert truth.mean_outage(0, 1200) == pytest.approx(0.75)


def test_outages_without_an_end_and_more_than_one():
    outages = outages_of("10:20:0.5,15::2")

    assert [share_at(outages, at) for at in (0, 10, 15, 20, 1e9)] == [1, 0.5, 1, 2, 2]
    assert mean_share(outages, 0, 30) == pytest.approx((10 + 2.5 + 5 + 20) / 30)


@pytest.mark.parametrize("text", ["1:2", "2:1:0.5", "0:1:0", "-1:2:0.5", "a:b:c", "0:1:nan"])
def test_an_outage_that_can_t_be_is_refused(text):
    with pytest.raises(TruthError, match="outage: got .* takes FROM:TO:SHARE"):
        ModelTruth(outage=text)


def test_the_books_say_how_often_an_image_was_answered(simulated, client):
    poisoned = jpeg(filling=7)
    poison = ({"sha256": hashlib.sha256(poisoned).hexdigest()},)
    setup = ModelSetup(truth=FAST, status="RUNNING", answers=AnswerSetup(poison=poison))
    arn = simulated.add_model(setup)["modelArn"]

    for _ in range(2):
        client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": jpeg()})
    with pytest.raises(ClientError, match="InvalidImageFormatException"):
        client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": poisoned})

    assert simulated.image_books(arn) == {
        SHA.hex(): {"accepted": 2},
        hashlib.sha256(poisoned).hexdigest(): {"InvalidImageFormatException": 1},
    }


def test_a_label_without_a_box_has_no_geometry():
    answers = Answers(AnswerSetup(detections=({"key": KEY, "labels": [Label("bee", 99.0).to_json()]},)))

    assert json.loads(answers.body(KEY, SHA, None, 50)) == {"CustomLabels": [{"Name": "bee", "Confidence": 99.0}]}
