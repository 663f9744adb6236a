"""The answer of a request becomes the members that boto3 would give, and labels."""

import json

import pytest

from iu_tuner.contract.detections import Box, Label
from lambdas.models.outcomes import ACCEPTED, Reply
from lambdas.models.rekognition.request import request_with_object
from lambdas.models.rekognition.result import result_of

BEE = {
    "Name": "bee",
    "Confidence": 99.968,
    "Geometry": {"BoundingBox": {"Width": 0.17472, "Height": 0.23268, "Left": 0.34908, "Top": 0.36126}},
}
SUNNY = {"Name": "sunny", "Confidence": 51.5}


def test_an_answer_keeps_its_members_and_gives_labels():
    found = result_of(Reply(ACCEPTED, body=json.dumps({"CustomLabels": [BEE, SUNNY]}).encode(), request_id="r-1"))

    assert found.members["CustomLabels"] == [BEE, SUNNY]
    assert found.members["ResponseMetadata"] == {"RequestId": "r-1", "HTTPStatusCode": 200, "RetryAttempts": 0}
    assert found.labels == (Label("bee", 99.968, Box(0.34908, 0.36126, 0.17472, 0.23268)), Label("sunny", 51.5))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"CustomLabels": [1]}', b'{"CustomLabels": [{}]}'])
def test_what_is_no_answer_is_refused(body):
    with pytest.raises(ValueError, match="not one of DetectCustomLabels"):
        result_of(Reply(ACCEPTED, body=body))


@pytest.mark.parametrize(("least", "sent"), [(None, {}), (0, {"MinConfidence": 0}), (50.5, {"MinConfidence": 50.5})])
def test_a_request_names_a_version_and_a_confidence_only_if_given(least, sent):
    model = "arn:aws:rekognition:us-east-1:123456789012:project/p/version/v/1"
    body = json.loads(request_with_object(model, "b", "k", "v1", least).body)

    assert body == {
        "ProjectVersionArn": model,
        "Image": {"S3Object": {"Bucket": "b", "Name": "k", "Version": "v1"}},
        **sent,
    }
