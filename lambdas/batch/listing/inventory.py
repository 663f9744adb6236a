"""S3 Inventory: its manifest.json, and the rows of its data files. Pure.

The data files are CSV without a header, compressed; `fileSchema` names their columns. Their keys are URL-encoded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.input_errors import quoted, wrong_value
from lambdas.batch.listing.csv_rows import csv_rows, decoded_key, wrong_row
from lambdas.batch.listing.entry import DELETE_MARKER, OLD_VERSION, Entry
from lambdas.batch.shards.listed_object import ListedObject

_ARN_PREFIX = "arn:"


@dataclass(frozen=True)
class InventoryManifest:
    """The data files of an inventory of `source_bucket`: their bucket, their keys and their columns."""

    source_bucket: str
    data_bucket: str
    data_keys: tuple[str, ...]
    columns: tuple[str, ...]

    @classmethod
    def read(cls, content: bytes) -> InventoryManifest:
        """Read manifest.json.

        Raises:
            InvalidInput: it is no manifest of S3 Inventory, or its data files are not CSV.
        """
        try:
            values = json.loads(content)
            fields = {name: values[name] for name in ("sourceBucket", "destinationBucket", "fileFormat", "fileSchema")}
            keys = tuple(file["key"] for file in values["files"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidInput(
                f"images.list: got a manifest.json without {error}; takes that of S3 Inventory, with sourceBucket,"
                " destinationBucket, fileFormat, fileSchema and files"
            ) from error
        if fields["fileFormat"] != "CSV":
            takes = "CSV: configure the inventory with CSV output"
            raise InvalidInput(f"images.list: got an inventory in {quoted(fields['fileFormat'])}; takes {takes}")
        columns = tuple(name.strip() for name in str(fields["fileSchema"]).split(","))
        if "Key" not in columns:
            raise InvalidInput(f"images.list: got the fileSchema {quoted(fields['fileSchema'])}; takes one with Key")
        return cls(str(fields["sourceBucket"]), _bucket_of(str(fields["destinationBucket"])), keys, columns)

    def require(self, bucket: str, *, needs_times: bool) -> None:
        """Require that the inventory is of this bucket, and has times if they are compared. Raises InvalidInput."""
        if self.source_bucket != bucket:
            takes = f'that of images.bucket, which is {bucket}; give "{self.source_bucket}" as images.bucket'
            raise InvalidInput(f"images.list: got an inventory of the bucket {self.source_bucket}; takes {takes}")
        if needs_times and "LastModifiedDate" not in self.columns:
            takes = "nothing for an inventory without LastModifiedDate: add that field to the inventory"
            raise InvalidInput(wrong_value("images.modifiedAfter", "a time", takes))

    def entries(self, lines: Iterable[str]) -> Iterator[Entry]:
        """The objects of a data file. Delete markers and old versions are left out. Raises InvalidInput."""
        for number, cells in csv_rows(lines):
            if len(cells) != len(self.columns):
                raise wrong_row(number, cells, f"{len(self.columns)} columns, as fileSchema says")
            yield _entry(number, dict(zip(self.columns, cells, strict=True)))


def _entry(number: int, row: Mapping[str, str]) -> Entry:
    key = decoded_key(row["Key"], number)
    if row.get("IsDeleteMarker", "").lower() == "true":
        return Entry(ListedObject(key), reason_left_out=DELETE_MARKER)
    if row.get("IsLatest", "").lower() == "false":
        return Entry(ListedObject(key), reason_left_out=OLD_VERSION)
    size, e_tag, modified = row.get("Size", ""), row.get("ETag", ""), row.get("LastModifiedDate", "")
    listed = ListedObject(key, e_tag.strip('"') or None, int(size) if size.isdecimal() else None)
    return Entry(listed, row.get("Bucket"), _epoch(modified, number) if modified else None)


def _epoch(text: str, number: int) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise wrong_row(number, text, "a LastModifiedDate in ISO 8601") from error


def _bucket_of(destination: str) -> str:
    """A bucket's name from its ARN, `arn:aws:s3:::<name>`."""
    return destination.rpartition(":")[2] if destination.startswith(_ARN_PREFIX) else destination
