"""Recognizes files that are neither JPEG nor PNG by their content: their format, and what to do about them."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.images.image import Fault

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
MAX_QUOTE = 40  # characters of a text file that a reason quotes

_CONVERT_ADVICE = "convert it to JPEG or PNG"
_EXPORT_ADVICE = "export its pictures as JPEG or PNG"
_UNPACK_ADVICE = "unpack it, and upload the images in it"
_DECODE_ADVICE = "decode it before you upload it"
_LEAVE_OUT_ADVICE = "it is no image: leave it out"


@dataclass(frozen=True)
class _BinaryFormat:
    """A binary format and its `marks`: pairs of an offset and bytes. A file must have all of them."""

    name: str
    marks: tuple[tuple[int, bytes], ...]
    advice: str = _CONVERT_ADVICE


def _iso_media(name: str, brand: bytes, advice: str = _CONVERT_ADVICE) -> _BinaryFormat:
    """A format of ISO base media files (ISO/IEC 14496-12), whose major brand follows `ftyp`."""
    return _BinaryFormat(name, ((4, b"ftyp"), (8, brand)), advice)


# The first match decides. The marks come from the formats' specifications and from libmagic.
_BINARY_FORMATS = (
    *(_iso_media("AVIF", brand) for brand in (b"avif", b"avis")),
    *(_iso_media("HEIC", b"he" + brand) for brand in (b"ic", b"ix", b"im", b"is", b"vc", b"vx")),
    *(_iso_media("HEIF", brand) for brand in (b"mif1", b"mif2", b"msf1")),
    _iso_media("a raw file of a Canon camera", b"crx "),
    _iso_media("a video (MP4, QuickTime)", b"", _EXPORT_ADVICE),
    _BinaryFormat("WebP", ((0, b"RIFF"), (8, b"WEBP"))),
    _BinaryFormat("a video (AVI)", ((0, b"RIFF"), (8, b"AVI ")), _EXPORT_ADVICE),
    _BinaryFormat("a video (Matroska, WebM)", ((0, b"\x1aE\xdf\xa3"),), _EXPORT_ADVICE),
    *(_BinaryFormat("TIFF or a camera's raw file", ((0, mark),)) for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    _BinaryFormat("a raw file of a Fujifilm camera", ((0, b"FUJIFILMCCD-RAW"),)),
    _BinaryFormat("GIF", ((0, b"GIF8"),)),
    _BinaryFormat("BMP", ((0, b"BM"), (6, bytes(4)))),
    _BinaryFormat("JPEG 2000", ((0, b"\0\0\0\x0cjP  \r\n\x87\n"),)),
    _BinaryFormat("JPEG 2000", ((0, b"\xff\x4f\xff\x51"),)),
    _BinaryFormat("JPEG XL", ((0, b"\0\0\0\x0cJXL \r\n\x87\n"),)),
    _BinaryFormat("JPEG XL", ((0, b"\xff\x0a"),)),
    _BinaryFormat("JPEG XR", ((0, b"II\xbc"),)),
    _BinaryFormat("a Photoshop document", ((0, b"8BPS"),)),
    _BinaryFormat("an icon (ICO)", ((0, b"\0\0\1\0"),)),
    _BinaryFormat("OpenEXR", ((0, b"\x76\x2f\x31\x01"),)),
    _BinaryFormat("DICOM", ((128, b"DICM"),)),
    _BinaryFormat("PDF", ((0, b"%PDF-"),), _EXPORT_ADVICE),
    _BinaryFormat("gzip", ((0, b"\x1f\x8b"),), _UNPACK_ADVICE),
    _BinaryFormat("zip", ((0, b"PK\x03\x04"),), _UNPACK_ADVICE),
    _BinaryFormat("bzip2", ((0, b"BZh"),), _UNPACK_ADVICE),
    _BinaryFormat("xz", ((0, b"\xfd7zXZ\0"),), _UNPACK_ADVICE),
    _BinaryFormat("Zstandard", ((0, b"\x28\xb5\x2f\xfd"),), _UNPACK_ADVICE),
    _BinaryFormat("7-Zip", ((0, b"7z\xbc\xaf\x27\x1c"),), _UNPACK_ADVICE),
    _BinaryFormat("RAR", ((0, b"Rar!\x1a\x07"),), _UNPACK_ADVICE),
    _BinaryFormat("tar", ((257, b"ustar"),), _UNPACK_ADVICE),
    _BinaryFormat(
        "a file that macOS keeps beside another one (AppleDouble)", ((0, b"\0\x05\x16\x07"),), _LEAVE_OUT_ADVICE
    ),
    _BinaryFormat("a file that macOS keeps in each folder (.DS_Store)", ((0, b"\0\0\0\x01Bud1"),), _LEAVE_OUT_ADVICE),
)

# Texts in lower case: "^" matches at the start, after white space; "in" matches anywhere in the head.
_DOWNLOAD_ADVICE = "it may be a server's error: download the image again"
_TEXT_FORMATS = (
    ("^", b"version https://git-lfs.github.com/", "a Git LFS pointer", "run `git lfs pull`, then upload the image"),
    ("in", b"/annex/objects/", "a git-annex pointer", "run `git annex get`, then upload the image"),
    ("^", b"<!doctype html", "a web page (HTML)", _DOWNLOAD_ADVICE),
    ("^", b"<html", "a web page (HTML)", _DOWNLOAD_ADVICE),
    ("in", b"<svg", "SVG", _CONVERT_ADVICE),
    ("^", b"<?xml", "XML", _DOWNLOAD_ADVICE),
    ("^", b"/9j/", "a JPEG as base64 text", _DECODE_ADVICE),
    ("^", b"ivborw0kggo", "a PNG as base64 text", _DECODE_ADVICE),
    ("^", b"data:image/", "an image as a data URL", _DECODE_ADVICE),
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# Pictures that must be converted: kinds by file suffix (lower case), and the set of all kinds.
_OTHER_PICTURE_SUFFIXES = {
    ".heic": "HEIC",
    ".heif": "HEIF",
    ".avif": "AVIF",
    ".webp": "WebP",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".tif": "TIFF or a camera's raw file",
    ".tiff": "TIFF or a camera's raw file",
}
OTHER_PICTURES = frozenset(each.name for each in _BINARY_FORMATS if each.advice is _CONVERT_ADVICE)
_COMPANION_PREFIX = "._"  # macOS gives this prefix to a file that belongs to another one
COMPANION_FILE = "a companion file of macOS"


def fault_of_format(head: bytes) -> Fault | None:
    """The fault of a file that starts with `head`. Returns None if it is JPEG or PNG."""
    if head.startswith((JPEG, PNG)):
        return None
    for binary_format in _BINARY_FORMATS:
        if all(head.startswith(mark, offset) for offset, mark in binary_format.marks):
            return _format_fault(binary_format.name, binary_format.advice)
    if not any(head):
        return _format_fault("nothing but zeros", "the copy or download failed: upload the image again")
    if (text := _decoded_text(head)) is not None:
        return _fault_of_text(text)
    return Fault("neither JPEG nor PNG", f"it is neither JPEG nor PNG (it starts with {str(head[:8])[1:]})")


def fault_of_companion(key: str) -> Fault | None:
    """The fault of a companion file, which macOS creates for another file. Returns None for other keys."""
    if not key.rpartition("/")[2].startswith(_COMPANION_PREFIX):
        return None
    return Fault(COMPANION_FILE, "it is a file that macOS keeps beside another one: leave it out")


def picture_kind_by_name(key: str) -> str:
    """The kind of picture, other than JPEG and PNG, that the key's suffix means. Empty for other suffixes."""
    name = key.lower()
    return next((kind for suffix, kind in _OTHER_PICTURE_SUFFIXES.items() if name.endswith(suffix)), "")


def _format_fault(name: str, advice: str, quote: str = "") -> Fault:
    return Fault(name, f"it is {name}{quote}, neither JPEG nor PNG: {advice}")


def _decoded_text(head: bytes) -> str | None:
    """The decoded start of a text file. Returns None if the file is binary."""
    if head.startswith(_UTF16_MARKS):
        text = head.decode("utf-16", "ignore")
    else:
        text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").removesuffix("\ufffd")
    is_text = all(character.isprintable() or character.isspace() for character in text)
    return text if is_text and "\ufffd" not in text else None


def _fault_of_text(text: str) -> Fault:
    quote = f" (it starts with '{' '.join(text.split())[:MAX_QUOTE]}')"
    start = text.lstrip().lower().encode()
    for where, mark, name, advice in _TEXT_FORMATS:
        if start.startswith(mark) or (where == "in" and mark in start):
            return _format_fault(name, advice, quote)
    return _format_fault("text", "upload the image itself", quote)
