"""What looks at AWS: `check --deep` at the images, `policy` at the account."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.unit.vision.manifest.samples import BOX, Manifest, boxes, text

ORIENTATION = 0x0112


def image(width: int, height: int, kind: str = "JPEG", orientation: int = 1) -> bytes:
    made, exif, file = Image.new("L", (width, height)), Image.Exif(), io.BytesIO()
    exif[ORIENTATION] = orientation
    made.save(file, kind, exif=exif)
    return file.getvalue()


OBJECTS: dict[str, tuple[bytes | None, str | None]] = {
    "jpeg": (image(640, 480), None),
    "png": (image(640, 480, "PNG"), None),
    "missing": (None, "ERROR_INVALID_IMAGE"),
    "no bytes": (b"", "ERROR_INVALID_IMAGE"),
    "gif": (image(640, 480, "GIF"), "ERROR_INVALID_IMAGE"),
    "cut off": (image(640, 480)[:12], "ERROR_INVALID_IMAGE"),
    "large": (image(640, 480) + bytes(15 * 2**20), "ERROR_INVALID_IMAGE"),
    "another size": (image(641, 480), "ERROR_INVALID_IMAGE_DIMENSION"),
    "turned": (image(480, 640, orientation=6), "WARNING_INVALID_IMAGE_DIMENSION"),
    "not turned": (image(480, 640, orientation=3), "ERROR_INVALID_IMAGE_DIMENSION"),
}


def test_a_deep_check_finds_what_is_wrong_with_each_image(manifest: Manifest, s3: Any) -> None:
    for name, (body, _) in OBJECTS.items():
        if body is not None:
            s3.put_object(Bucket="meadow", Key=f"raw/{name}.jpg", Body=body)
    lines = [{**boxes(1), "source-ref": f"s3://meadow/raw/{name}.jpg"} for name in OBJECTS]

    shallow = manifest("check", manifest.file(text(*lines)))
    deep = manifest("check", manifest.file(text(*lines)), "--deep")

    assert shallow.findings == []
    expected = [(number, code) for number, (_, code) in enumerate(OBJECTS.values(), 1) if code]
    assert deep.findings == [*expected, (0, "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST")]


@pytest.mark.parametrize(
    ("sides", "code"),
    [
        ((64, 64), None),
        ((4096, 4096), None),
        ((63, 64), "ERROR_INVALID_IMAGE_DIMENSION"),
        ((64, 4097), "ERROR_INVALID_IMAGE_DIMENSION"),
        ((64, 1281), "ERROR_INVALID_IMAGE"),  # more than 20 to 1
    ],
)
def test_the_sides_of_an_image_have_limits(
    manifest: Manifest, s3: Any, sides: tuple[int, int], code: str | None
) -> None:
    s3.put_object(Bucket="meadow", Key="raw/3.jpg", Body=image(*sides, "PNG"))
    line = boxes(3, [{**BOX, "left": 0, "top": 0}])
    line["bees"]["image_size"] = [{"width": sides[0], "height": sides[1], "depth": 3}]

    done = manifest("check", manifest.file(text(line)), "--deep")

    assert done.findings[:1] == ([(1, code)] if code else [])


def test_a_bucket_that_can_t_be_read_is_a_sentence(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    path = manifest.file(text(boxes(1)))

    done = manifest("check", path, "--deep", "--region", "us-east-1", "--endpoint-url", "http://127.0.0.1:9")

    assert done.code == 6
    assert "127.0.0.1:9" in done.err


def test_the_policy_has_four_statements_for_one_account(manifest: Manifest) -> None:
    done = manifest("policy", "--bucket", "meadow", "--account", "210987654321")

    policy = json.loads(done.out)
    statements = policy["Statement"]
    of_bucket, of_objects = "arn:aws:s3:::meadow", "arn:aws:s3:::meadow/*"
    assert done.code == 0
    assert [(sorted(each["Action"]), each["Resource"]) for each in statements] == [
        (["s3:GetBucketAcl", "s3:GetBucketLocation"], of_bucket),
        (["s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion"], of_objects),
        (["s3:GetBucketAcl"], of_bucket),
        (["s3:PutObject"], of_objects),
    ]
    assert {each["Principal"]["Service"] for each in statements} == {"rekognition.amazonaws.com"}
    assert {each["Condition"]["StringEquals"]["aws:SourceAccount"] for each in statements} == {"210987654321"}
    assert statements[3]["Condition"]["StringEquals"]["s3:x-amz-acl"] == "bucket-owner-full-control"


def test_the_account_is_that_of_the_credentials(manifest: Manifest, s3: Any) -> None:
    done = manifest("policy", "--bucket", "meadow")

    assert done.out.count('"aws:SourceAccount": "123456789012"') == 4  # moto's account


def test_without_credentials_the_account_is_left_to_be_filled_in(
    manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")

    done = manifest("policy", "--bucket", "meadow")

    assert done.code == 0
    assert json.loads(done.out)["Statement"]
    assert "give --account" in done.err


@pytest.mark.parametrize(
    "options", [("--bucket", "s3://meadow", "--account", "210987654321"), ("--bucket", "meadow", "--account", "me")]
)
def test_a_wrong_name_or_account_is_refused(manifest: Manifest, options: tuple[str, ...]) -> None:
    done = manifest("policy", *options)

    assert (done.code, done.out) == (2, "")
