"""Uploads the images of a local folder to the stack's image bucket, under a prefix made of their contents."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iu_tuner.cli.aws.errors import AwsCallFailed, calling_aws
from iu_tuner.exit_codes import ClientError, UsageError
from iu_tuner.formats import count

UPLOAD_PREFIX = "samples/"  # where a folder's images go: samples/<hash>/
MAX_BYTES = 15 * 1024**2  # of an image that Rekognition reads from S3; one that is sent may have 4 MiB
MAX_NAMED = 5  # files that a sentence names
_PARALLEL_UPLOADS = 8
_CONTENT_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True)
class LocalImage:
    """A JPEG or PNG file; `name` is its path within the folder, with slashes."""

    path: Path
    name: str
    bytes: int
    content_type: str


@dataclass(frozen=True)
class ImageFolder:
    """The images of a folder and of those in it, and the odd files: name -> why it is left out."""

    path: str
    images: tuple[LocalImage, ...]
    left_out: Mapping[str, str]
    prefix: str
    """The key prefix of the uploads: samples/ and a hash of names and contents, so that other contents get another."""

    @classmethod
    def read(cls, path: str) -> ImageFolder:
        """Look at all files of a folder. Raises UsageError if it can't be read or has no image."""
        images: list[LocalImage] = []
        left_out: dict[str, str] = {}
        digest = hashlib.sha256()
        for name, file in _files(path):
            try:
                body = _image_bytes(name, file)
            except OSError as error:
                left_out[name] = error.strerror or "it can't be read"
            except ValueError as error:
                left_out[name] = str(error)
            else:
                content_type = next(
                    content_type for first_bytes, content_type in _CONTENT_TYPES.items() if body.startswith(first_bytes)
                )
                images.append(LocalImage(file, name, len(body), content_type))
                digest.update(name.encode() + b"\0" + hashlib.sha256(body).digest())
        folder = cls(path, tuple(images), left_out, f"{UPLOAD_PREFIX}{digest.hexdigest()[:16]}/")
        if not images:
            raise UsageError(f"--image-folder: {path} has no JPEG or PNG image{_reasons(left_out)}")
        return folder

    @property
    def left_out_sentence(self) -> str:
        """A sentence that names the odd files; empty if there are none."""
        if not self.left_out:
            return ""
        verb = "is" if len(self.left_out) == 1 else "are"
        return f"{count(len(self.left_out), 'file')} of {self.path} {verb} left out{_reasons(self.left_out)}"

    def upload(self, s3: Any, bucket: str) -> str:
        """Upload the images that are not there yet. Returns a sentence. Raises ClientError if S3 refuses."""
        try:
            with calling_aws():
                pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=self.prefix)
                sizes = {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", ())}
                new_images = [image for image in self.images if sizes.get(self.prefix + image.name) != image.bytes]
                with ThreadPoolExecutor(_PARALLEL_UPLOADS) as pool:
                    list(pool.map(lambda image: self._put(s3, bucket, image), new_images))
        except AwsCallFailed as error:
            raise ClientError(f"the images can't be uploaded to s3://{bucket}/{self.prefix}: {error}") from error
        megabytes = sum(image.bytes for image in new_images) / 1e6
        present_images = len(self.images) - len(new_images)
        present_text = (
            f"; {present_images} {'is' if present_images == 1 else 'are'} there already" if present_images else ""
        )
        return f"uploaded {count(len(new_images), 'image')} ({megabytes:.1f} MB) to s3://{bucket}/{self.prefix}{present_text}"

    def _put(self, s3: Any, bucket: str, image: LocalImage) -> None:
        with image.path.open("rb") as body:
            s3.put_object(Bucket=bucket, Key=self.prefix + image.name, Body=body, ContentType=image.content_type)


def _files(folder: str) -> Iterator[tuple[str, Path]]:
    """Each file below the folder with its name, in order; follows no link to a folder. Raises UsageError."""
    root = Path(folder)
    paths = [Path(parent, name) for parent, _, names in os.walk(root, onerror=_refuse) for name in names]
    yield from sorted((path.relative_to(root).as_posix(), path) for path in paths)


def _refuse(error: OSError) -> None:
    raise UsageError(f"--image-folder: {error.filename} can't be read: {error.strerror}")


def _image_bytes(name: str, file: Path) -> bytes:
    """The contents of a JPEG or PNG file. Raises OSError, or ValueError that says why it is left out."""
    if not name.isprintable():
        raise ValueError("its name has characters that no key should have")
    if not file.is_file():
        raise ValueError("no regular file")
    if (size := file.stat().st_size) > MAX_BYTES:
        raise ValueError(f"{size:,} bytes, more than {MAX_BYTES:,}")
    body = file.read_bytes()
    if not body.startswith(tuple(_CONTENT_TYPES)):
        raise ValueError("neither JPEG nor PNG" if body else "empty")
    return body


def _reasons(left_out: Mapping[str, str]) -> str:
    named_files = [f"{name} ({reason})" for name, reason in list(left_out.items())[:MAX_NAMED]]
    other_files = [f"{len(left_out) - MAX_NAMED} more"] if len(left_out) > MAX_NAMED else []
    return f": {', '.join([*named_files, *other_files])}" if named_files else ""
