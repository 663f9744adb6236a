"""Moves a manifest to other images: its `…-ref` fields get new addresses, and every other byte stays."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.manifest.addresses import Reference, bucket_and_key, references
from iu_tuner.vision.manifest.finding import Finding
from iu_tuner.vision.manifest.lines import UTF8_MARK, bytes_of, read_manifest_lines, replace_file, text_of

_encode = json.JSONEncoder(ensure_ascii=False).encode
Mapper = Callable[[str], str | None]
"""The new address for an old one; None if it stays. Raises LookupError with a sentence if there is none."""


def rewrite(source: Path, target: Path, mapper: Mapper, bucket: str) -> Iterator[Finding]:
    """Write `source` with the addresses that `mapper` gives to `target`, and yield what could not be rewritten.

    `bucket` is the one that the images are in afterwards. A line with a finding is copied as it is.

    Raises:
        UsageError: `source` has no lines, or `target` can't be written.
    """
    with replace_file(target) as out:
        for number, line in read_manifest_lines(source):
            if not line.strip():
                out.write(line)
                continue
            text = text_of(number, line)
            try:
                new_text, sentences = _rewrite_line(text, mapper, bucket)
            except (ValueError, RecursionError):
                out.write(line)
                yield Finding(number, "ERROR_INVALID_JSON_LINE", "the line is no JSON object, and stays as it is")
                continue
            byte_order_mark = UTF8_MARK if number == 1 and line.startswith(UTF8_MARK) else b""
            out.write(byte_order_mark + bytes_of(new_text) if new_text is not text else line)
            for code, sentence in sentences:
                yield Finding(number, code, sentence)


def by_prefix(old_prefix: str, new_prefix: str) -> Mapper:
    """Addresses under the folder `old_prefix` move to the folder `new_prefix`; both end with `/`.

    What is under `new_prefix` already stays, so that a second rewriting changes nothing.
    """

    def move(address: str) -> str | None:
        is_moved = address.startswith(new_prefix)
        return new_prefix + address[len(old_prefix) :] if address.startswith(old_prefix) and not is_moved else None

    return move


class ByName:
    """Addresses become those of the objects of the same file name, anywhere below a prefix.

    A name is found in its other Unicode form, too: macOS takes names apart that other systems put together. Objects
    in or with hidden names (`.ipynb_checkpoints/`, `.DS_Store`) are left out.
    """

    def __init__(self, bucket: str, prefix: str, keys: Iterable[str]) -> None:
        self._bucket, self._prefix = bucket, prefix
        self._keys: dict[str, list[str]] = {}
        self._old: dict[str, str] = {}
        for key in keys:
            parts = key[len(prefix) :].split("/")
            if parts[-1] and not any(part.startswith(".") for part in parts):
                self._keys.setdefault(unicodedata.normalize("NFC", parts[-1]), []).append(key)

    def __call__(self, address: str) -> str | None:
        """The address of the object with the name of `address`.

        Raises:
            LookupError: there is none.
            UsageError: there are two; or two addresses have the same name.
        """
        name = address.rpartition("/")[2]
        keys = self._keys.get(unicodedata.normalize("NFC", name), [])
        keys = [key for key in keys if key.rpartition("/")[2] == name] or keys
        if not keys:
            raise LookupError(f"there is no object named {name} under {self._address_of(self._prefix)}")
        if len(keys) > 1:
            addresses = " and ".join(map(self._address_of, sorted(keys)))
            raise UsageError(f"the name {name} is there twice: {addresses}; say with --from which folder moves to --to")
        new_address = self._address_of(keys[0])
        if (other_address := self._old.setdefault(new_address, address)) != address and new_address != address:
            raise UsageError(f"two images have the name {name}: {other_address} and {address}; rewrite by --from")
        return new_address

    def _address_of(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"


def _rewrite_line(text: str, mapper: Mapper, bucket: str) -> tuple[str, list[tuple[str, str]]]:
    """The line with new addresses (the same object if none is new), and codes with sentences about the others."""
    sentences: list[tuple[str, str]] = []
    all_references = references(text)
    if not any(each.name == "source-ref" for each in all_references):
        sentences.append(("ERROR_MISSING_SOURCE_REF", "the line has no source-ref, or one that is no text"))
    for each in reversed(all_references):  # from the end, as a new address moves what follows it
        try:
            new_address = mapper(each.value)
        except LookupError as error:
            sentences.append(("ERROR_INVALID_IMAGE", f"{each.name}: {error.args[0]}"))
            continue
        if new_address is not None:
            if new_address != each.value:
                text = text[: each.start] + _escaped_address(new_address, each, text) + text[each.end :]
        elif (location := bucket_and_key(each.value)) is None:
            sentences.append(("ERROR_INVALID_SOURCE_REF_FORMAT", f"{each.name}: {each.value} is no s3://bucket/key"))
        elif location[0] != bucket:
            sentence = f"{each.name}: {each.value} is not under --from, and stays in another bucket"
            sentences.append(("ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", sentence))
    return text, sentences[::-1]


def _escaped_address(new_address: str, old: Reference, text: str) -> str:
    """The new address as it is written in the line: the end that it shares with the old one stays as it was written."""
    escaped_value = text[old.start : old.end]
    if escaped_value == old.value:  # nothing in it is escaped
        return _encode(new_address)[1:-1]
    pairs = zip(reversed(old.value), reversed(new_address), strict=False)
    shared_length = next(
        (index for index, (one, other) in enumerate(pairs) if one != other), min(len(old.value), len(new_address))
    )
    changed_part = old.value[: len(old.value) - shared_length]
    if escaped_value.startswith(changed_part) and "\\" not in changed_part:
        return _encode(new_address[: len(new_address) - shared_length])[1:-1] + escaped_value[len(changed_part) :]
    return json.dumps(new_address, ensure_ascii=escaped_value.isascii())[1:-1]
