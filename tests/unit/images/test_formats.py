"""What a file is, whatever it is called: JPEG and PNG pass, the rest is named with what to do."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
from PIL import Image

from lambdas.images.formats import OTHER_PICTURES, fault_of_companion, fault_of_format, picture_kind_by_name


def saved_as(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((80, 80), 60).save(buffer, kind)
    return buffer.getvalue()


def archive(kind: str) -> bytes:
    buffer, content = io.BytesIO(), saved_as("JPEG")
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as zipped:
            zipped.writestr("a.jpg", content)
    else:
        with tarfile.open(fileobj=buffer, mode="w", encoding="utf-8") as packed:
            packed.addfile(tarfile.TarInfo("a.jpg"), io.BytesIO(content))
    return buffer.getvalue()


def iso_media(*brands: bytes) -> bytes:
    """The first box of such a file: its length, `ftyp`, the major brand, a version, the compatible ones."""
    major, *others = brands
    box = b"ftyp" + major + bytes(4) + b"".join(others)
    return (len(box) + 4).to_bytes(4, "big") + box + bytes(100)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_jpeg_and_png_pass(kind: str) -> None:
    assert fault_of_format(saved_as(kind)) is None


@pytest.mark.parametrize(
    ("content", "kind", "do"),
    [
        (saved_as("GIF"), "GIF", "convert"),
        (saved_as("BMP"), "BMP", "convert"),
        (saved_as("TIFF"), "TIFF or a camera's raw file", "convert"),
        (saved_as("WEBP"), "WebP", "convert"),
        (saved_as("JPEG2000"), "JPEG 2000", "convert"),
        (saved_as("ICO"), "an icon (ICO)", "convert"),
        (saved_as("PDF"), "PDF", "export"),
        (iso_media(b"heic", b"mif1"), "HEIC", "convert"),
        (iso_media(b"hevx"), "HEIC", "convert"),
        (iso_media(b"mif1", b"avif"), "HEIF", "convert"),
        (iso_media(b"avif", b"mif1"), "AVIF", "convert"),
        (iso_media(b"isom", b"mp42"), "a video (MP4, QuickTime)", "export"),
        (gzip.compress(saved_as("JPEG")), "gzip", "unpack"),
        (bz2.compress(b"x"), "bzip2", "unpack"),
        (lzma.compress(b"x"), "xz", "unpack"),
        (archive("zip"), "zip", "unpack"),
        (archive("tar"), "tar", "unpack"),
        (bytes(5000), "nothing but zeros", "upload the image again"),
        (b"\0\x05\x16\x07" + bytes(80), "a file that macOS keeps beside another one (AppleDouble)", "leave it out"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer", "git lfs pull"),
        (b"../.git/annex/objects/xy/SHA256E-s9--00.jpg", "a git-annex pointer", "git annex get"),
        (b"\xef\xbb\xbf\r\n <!doctype HTML><title>403", "a web page (HTML)", "download the image again"),
        (b"<html>not found", "a web page (HTML)", "download the image again"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied', "XML", "download the image again"),
        (b'<?xml version="1.0"?><svg width="9"/>', "SVG", "convert"),
        (base64.b64encode(saved_as("JPEG")), "a JPEG as base64 text", "decode"),
        (base64.b64encode(saved_as("PNG")), "a PNG as base64 text", "decode"),
        (b"data:image/jpeg;base64,/9j/4AAQ", "an image as a data URL", "decode"),
        (b"BMW, Audi", "text", "upload the image itself"),
        ("Größe: 3 cm".encode(), "text", "upload the image itself"),
        ("Größe".encode()[:3], "text", "upload the image itself"),
        ("Größe".encode("utf-16"), "text", "upload the image itself"),
    ],
)
def test_another_file_is_named_with_what_to_do(content: bytes, kind: str, do: str) -> None:
    fault = fault_of_format(content)

    assert fault is not None
    assert fault.kind == kind
    assert fault.reason.startswith(f"it is {kind}")
    assert ", neither JPEG nor PNG: " in fault.reason
    assert do in fault.reason


def test_of_a_text_the_first_words_are_shown_on_one_line() -> None:
    fault = fault_of_format(b"dear\nsir,\tor madam: " + b"long " * 100)

    assert fault is not None
    assert "(it starts with 'dear sir, or madam: long long long long ')" in fault.reason


def test_of_anything_else_the_first_bytes_are_shown() -> None:
    fault = fault_of_format(b"\xde\xad\xbe\xef" * 9)

    assert fault is not None
    assert fault.reason == r"it is neither JPEG nor PNG (it starts with '\xde\xad\xbe\xef\xde\xad\xbe\xef')"


def test_a_companion_file_is_told_by_its_name() -> None:
    assert fault_of_companion("samples/._a.jpg") is not None
    assert fault_of_companion("samples/a._b.jpg") is None


@pytest.mark.parametrize(
    ("key", "kind"), [("a/IMG_1.HEIC", "HEIC"), ("a.tif", "TIFF or a camera's raw file"), ("a.jpg", ""), ("heic", "")]
)
def test_other_pictures_are_told_by_their_suffix_too(key: str, kind: str) -> None:
    assert picture_kind_by_name(key) == kind
    assert not kind or kind in OTHER_PICTURES
