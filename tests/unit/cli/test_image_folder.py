"""A folder of images becomes a prefix of its own: complete, once, and without what is no image."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from iu_tuner.cli.aws import stack as deployed
from iu_tuner.cli.aws.s3 import image_folder as folders
from iu_tuner.cli.aws.s3.image_folder import ImageFolder
from iu_tuner.cli.main import main
from iu_tuner.exit_codes import Exit, UsageError
from simulation.samples.run import sample_output
from tests.support.hostile_images import JPEG
from tests.unit.cli.aws_stub import MODEL, OUTPUTS, Aws, refused

PNG = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    (tmp_path / "a bee.jpg").write_bytes(JPEG)
    (tmp_path / "more" / "b.png").write_bytes(PNG)
    return tmp_path


class Bucket(Aws):
    """An AWS with a bucket that keeps what is put; `denied` refuses it."""

    def __init__(self, *, denied: bool = False) -> None:
        stack = {**OUTPUTS, "ImageBucketName": "images"}
        super().__init__(["SUCCEEDED"], {"output": json.dumps(sample_output())}, stack=stack, has_run=False)
        self.kept: dict[str, bytes] = {}
        self.puts = 0
        self.denied = denied

    def get_paginator(self, _: str) -> Bucket:
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        assert Bucket == "images"
        return [{"Contents": [{"Key": key, "Size": len(body)}]} for key, body in self.kept.items() if Prefix in key]

    def put_object(self, Bucket: str, Key: str, Body: Any, ContentType: str) -> None:
        if self.denied:
            raise refused("AccessDenied")
        assert ContentType == ("image/png" if Key.endswith(".png") else "image/jpeg")
        self.puts += 1
        self.kept[Key] = Body.read()


def test_the_prefix_is_that_of_names_and_contents(folder: Path) -> None:
    first = ImageFolder.read(str(folder)).prefix
    again = ImageFolder.read(str(folder)).prefix
    (folder / "a bee.jpg").write_bytes(JPEG + b"\1")
    changed = ImageFolder.read(str(folder)).prefix
    (folder / "a bee.jpg").rename(folder / "a wasp.jpg")

    assert first == again
    assert len({first, changed, ImageFolder.read(str(folder)).prefix}) == 3
    assert first.startswith("samples/") and first.endswith("/")


def test_a_run_uploads_the_images_once_and_tests_with_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = Bucket()
    monkeypatch.setattr(deployed, "open_session", lambda *_: aws)

    code = main(["run", MODEL, "--image-folder", str(folder), "--no-wait"])
    prefix = json.loads(aws.started[0]["input"])["images"]["prefix"]
    (folder / "a bee.jpg").touch()
    said = ImageFolder.read(str(folder)).upload(aws, "images")

    assert code == Exit.OK
    assert aws.kept == {f"{prefix}a bee.jpg": JPEG, f"{prefix}more/b.png": PNG}
    assert json.loads(aws.started[0]["input"])["images"] == {"prefix": prefix, "bucket": "images"}
    assert f"uploaded 2 images (0.0 MB) to s3://images/{prefix}" in capsys.readouterr().err
    assert (aws.puts, said) == (2, f"uploaded 0 images (0.0 MB) to s3://images/{prefix}; 2 are there already")


def test_what_is_no_image_is_left_out_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(JPEG)
    monkeypatch.setattr(folders, "MAX_BYTES", size)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("x", "utf-8")
    (folder / "large.jpg").write_bytes(JPEG + b"\0")
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "new\nline.jpg").write_bytes(JPEG)
    os.mkfifo(folder / "pipe.jpg")

    found = ImageFolder.read(str(folder))

    assert [image.name for image in found.images] == ["a bee.jpg", "more/b.png"]
    assert found.left_out == {
        "empty.jpg": "empty",
        "gone.jpg": "no regular file",
        "large.jpg": f"{size + 1:,} bytes, more than {size:,}",
        "new\nline.jpg": "its name has characters that no key should have",
        "notes.txt": "neither JPEG nor PNG",
        "pipe.jpg": "no regular file",
    }
    assert found.left_out_sentence.startswith(f"6 files of {folder} are left out: empty.jpg (empty), gone.jpg (")
    assert found.left_out_sentence.endswith(", 1 more")


def test_a_folder_without_images_is_refused_with_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", "utf-8")

    with pytest.raises(UsageError, match=r"has no JPEG or PNG image: notes\.txt \(neither JPEG nor PNG\)$"):
        ImageFolder.read(str(tmp_path))
    with pytest.raises(UsageError, match="can't be read: No such file or directory"):
        ImageFolder.read(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--prefix", "bees/"], Exit.USAGE, "leave out --prefix"),
        (["--bucket", "mine"], Exit.USAGE, "leave out --bucket"),
        (["--image-folder", "/no/such/folder"], Exit.USAGE, "--image-folder: /no/such/folder can't be read"),
        ([], Exit.AWS, "the images can't be uploaded to s3://images/samples/"),
    ],
)
def test_without_its_images_no_run_starts(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    code: Exit,
    said: str,
) -> None:
    aws = Bucket(denied=True)
    monkeypatch.setattr(deployed, "open_session", lambda *_: aws)

    assert main(["run", MODEL, "--image-folder", str(folder), *more]) == code
    assert aws.started == []
    assert said in capsys.readouterr().err
