"""Images that are named in S3, read by the server from a moto S3."""

import hashlib
from functools import partial

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.labels import random_labels
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import running_simulated_model
from simulation.samples.pictures import jpeg
from tests.waiting import wait_until

from .conftest import client_of

TRUTH = ModelTruth(tps_per_iu=1000, latency_mean_s=0.001)


@pytest.fixture(scope="module")
def s3_url():
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def s3(s3_url):
    s3 = boto3.client(
        "s3", endpoint_url=s3_url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    s3.create_bucket(Bucket="images")
    return s3


@pytest.fixture(scope="module")
def server(s3_url):
    with running_simulated_model([ModelSetup(truth=TRUTH, status="RUNNING")], s3_endpoint_url=s3_url) as server:
        yield server


def detect(server, key: str, bucket: str = "images"):
    return client_of(server).detect_custom_labels(
        ProjectVersionArn=server.model_arns[0], Image={"S3Object": {"Bucket": bucket, "Name": key}}
    )


def test_an_image_in_s3_is_accepted_even_above_4_mb(server, s3):
    s3.put_object(Bucket="images", Key="samples/large é.jpg", Body=jpeg(size=5_000_000))

    assert detect(server, "samples/large é.jpg")["CustomLabels"]


@pytest.mark.parametrize(
    ("key", "content", "code"),
    [
        ("missing.jpg", None, "InvalidS3ObjectException"),
        ("text.jpg", b"not an image", "InvalidImageFormatException"),
        ("huge.jpg", jpeg(size=15 * 1024**2 + 1), "ImageTooLargeException"),
    ],
)
def test_objects_that_are_refused(server, s3, key, content, code):
    if content is not None:
        s3.put_object(Bucket="images", Key=key, Body=content)

    with pytest.raises(ClientError) as caught:
        detect(server, key)

    assert caught.value.response["Error"]["Code"] == code


def test_s3_s_own_limit_has_its_own_message(server):
    names = server.add_model(ModelSetup(truth=ModelTruth(s3_throttle_share=1.0), status="RUNNING", project="limited"))

    with pytest.raises(ClientError, match="S3 download limit exceeded"):
        client_of(server).detect_custom_labels(
            ProjectVersionArn=names["modelArn"], Image={"S3Object": {"Bucket": "images", "Name": "x.jpg"}}
        )

    assert server.model_report(names["modelArn"])["totals"]["throttled"] == 0


@pytest.mark.parametrize("fillings", [(1, 2), (2, 1, 2)])
def test_an_object_that_is_overwritten_is_answered_by_its_new_content(server, s3, fillings):
    def is_answered(content):
        surest, *_ = detect(server, "changes.jpg")["CustomLabels"]
        return surest["Confidence"] == random_labels(hashlib.sha256(content).digest())[0].confidence

    for filling in fillings:
        content = jpeg(filling=filling)
        s3.put_object(Bucket="images", Key="changes.jpg", Body=content)

        wait_until("the answer to what is there now", partial(is_answered, content))
        assert is_answered(content)
