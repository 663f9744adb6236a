"""The objects of a list in S3, by pages of rows. Positions are a file of the list and a number of rows in it."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from iu_tuner.contract.batch.batch_input import BatchImagesInput, list_address
from iu_tuner.contract.errors import InvalidInput
from lambdas.batch.listing.csv_rows import csv_entries
from lambdas.batch.listing.entry import Entry, Page
from lambdas.batch.listing.inventory import InventoryManifest
from lambdas.batch.listing.json_rows import json_entries

ROWS_PER_PAGE = 1000


@dataclass(frozen=True)
class ListFiles:
    """The files of a list: their bucket and keys, and what reads the lines of each."""

    bucket: str
    keys: Sequence[str]
    read: Callable[[Iterable[str]], Iterator[Entry]]


def list_files(s3: Any, images: BatchImagesInput, bucket: str) -> ListFiles:
    """The files of `images.list`. `bucket` is that of the images.

    Raises:
        InvalidInput: it is an inventory that can't be read. ClientError: S3 does not give it out.
    """
    assert images.list is not None
    list_bucket, key = list_address(images.list)
    if key.endswith("manifest.json"):
        content = s3.get_object(Bucket=list_bucket, Key=key)["Body"].read()
        inventory = InventoryManifest.read(content)
        inventory.require(bucket, needs_times=images.modified_after is not None)
        return ListFiles(inventory.data_bucket, inventory.data_keys, inventory.entries)
    if key.endswith(".csv"):
        return ListFiles(list_bucket, (key,), lambda lines: csv_entries(lines, images.list_format))
    return ListFiles(list_bucket, (key,), json_entries)


def list_pages(s3: Any, files: ListFiles, position: Mapping[str, Any]) -> Iterator[Page]:
    """The pages after `position`.

    Raises:
        InvalidInput: a row is wrong. ClientError: S3 does not give a file out.
    """
    first_file, rows_read = position.get("file", 0), position.get("row", 0)
    for number in range(first_file, len(files.keys)):
        body = s3.get_object(Bucket=files.bucket, Key=files.keys[number])["Body"]
        with _lines(body, files.keys[number]) as lines:
            entries = files.read(_decoded_lines(lines))
            row = sum(1 for _ in islice(entries, rows_read))
            while page := list(islice(entries, ROWS_PER_PAGE)):
                row += len(page)
                yield Page(page, {"file": number, "row": row})
        rows_read = 0
    yield Page([], None)


def _lines(body: Any, key: str) -> io.TextIOWrapper:
    """The file as lines of text, read bit by bit. A byte order mark is no part of the first line."""
    raw: Any = gzip.GzipFile(fileobj=body) if key.endswith(".gz") else _Readable(body)
    return io.TextIOWrapper(io.BufferedReader(raw, 1 << 20), encoding="utf-8-sig", newline="")


def _decoded_lines(lines: Iterable[str]) -> Iterator[str]:
    try:
        yield from lines
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
        raise InvalidInput(f"images.list: got a file that can't be read ({error}); takes UTF-8 text") from error


class _Readable(io.RawIOBase):
    """The body of a reply of S3 as a raw stream."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        """A body is read only."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes into the buffer; 0 at the end."""
        content: bytes = self._body.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)
