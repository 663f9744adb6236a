"""Writes the files at the end of a batch: manifest.json, failed.jsonl, summary.csv and labels.manifest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from tempfile import TemporaryFile
from typing import Any

from iu_tuner.contract.batch.output import BatchImages, BatchManifest, FailedImage, ManifestPart
from iu_tuner.contract.detections import Detections, ListedImage
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.formats import iso
from lambdas.aws.errors import ClientError
from lambdas.batch.shards.names import folder
from lambdas.batch.shards.record import ShardRecord
from lambdas.batch.shards.store import ShardFiles
from lambdas.batch.shards.turn import failures_of
from lambdas.batch.summary.label_table import LabelTable
from lambdas.batch.summary.labels_manifest import LabelsManifest, Sides
from lambdas.images.image import Fault
from lambdas.images.sides import HEAD_BYTES, sides_of_picture

READERS = 16  # parts and images read at once


@dataclass(frozen=True)
class RunRecords:
    """The records of one run of a chain, in which each run resumes the one before."""

    run_id: str
    records: Sequence[ShardRecord]


@dataclass(frozen=True)
class BatchSummary:
    """A batch whose files are to be written. `images_bucket` holds the images; times are in epoch seconds."""

    model_arn: str
    min_confidence: float | None
    images: BatchImages
    started_at: float
    finished_at: float
    images_bucket: str
    ground_truth: bool = False


@dataclass(frozen=True)
class BatchFiles:
    """The files' URIs, all failed images, and the number of images that labels.manifest leaves out."""

    manifest: BatchManifest
    manifest_uri: str
    failed_uri: str
    summary_uri: str
    labels_uri: str | None
    failures: tuple[FailedImage, ...]
    unlabelled_count: int


def write_files(files: ShardFiles, chain: Sequence[RunRecords], batch: BatchSummary) -> BatchFiles:
    """Write all files of the last run of the chain. A repeated call writes the same files.

    Raises:
        ClientError: S3 fails.
    """
    run_id = chain[-1].run_id
    failures = tuple(_failures(files, chain))
    failed = _write_failed(files, failures)
    parts = tuple(part for run in chain for record in run.records for part in record.parts)
    labels = LabelsManifest(batch.images_bucket, run_id, batch.min_confidence) if batch.ground_truth else None
    unlabelled_count = _write_labels(files, parts, batch.images_bucket, labels)
    resumed = chain[-2].run_id if len(chain) > 1 else None
    times = str(iso(batch.started_at)), str(iso(batch.finished_at))
    manifest = BatchManifest(
        1, run_id, batch.model_arn, batch.min_confidence, batch.images, parts, failed, *times, resumed
    )
    files.write(_key(files, "manifest.json"), json.dumps(to_json(manifest), indent=1).encode(), "application/json")
    return BatchFiles(
        manifest,
        manifest_uri=_uri(files, "manifest.json"),
        failed_uri=_uri(files, "failed.jsonl"),
        summary_uri=_uri(files, "summary.csv"),
        labels_uri=_uri(files, "labels.manifest") if labels else None,
        failures=failures,
        unlabelled_count=unlabelled_count,
    )


def _failures(files: ShardFiles, chain: Sequence[RunRecords]) -> Iterator[FailedImage]:
    """The failed images of all runs. What failed for a while in an earlier run is listed again in the next one."""
    for run in chain:
        for record in run.records:
            for part in record.failures:
                failures = failures_of(files.read(part.key))
                yield from (each for each in failures if each.permanent or run is chain[-1])


def _write_failed(files: ShardFiles, failures: Sequence[FailedImage]) -> ManifestPart:
    content = "".join(f"{json.dumps(to_json(failure))}\n" for failure in failures).encode()
    key = _key(files, "failed.jsonl")
    files.write(key, content)
    return ManifestPart(key, len(failures), sha256(content).hexdigest())


def _write_labels(files: ShardFiles, parts: Sequence[ManifestPart], bucket: str, labels: LabelsManifest | None) -> int:
    """Write summary.csv and, with `labels`, labels.manifest. Returns the number of images that the latter lacks."""
    table, unlabelled_count = LabelTable(), 0
    with ThreadPoolExecutor(READERS) as threads, TemporaryFile() as manifest:
        for content in _in_groups(threads, lambda part: files.read(part.key), parts):
            results = [Detections.of_line(line) for line in content.decode().split("\n") if line]
            for result in results:
                table.add(result)
            if labels is None:
                continue
            needs_sides = [labels.needs_sides(result) for result in results]
            images = [result.image if needs else None for result, needs in zip(results, needs_sides, strict=True)]
            sides = list(threads.map(lambda image: _sides(files.s3, bucket, image), images))
            for result, needs, image_sides in zip(results, needs_sides, sides, strict=True):
                if needs and image_sides is None:
                    unlabelled_count += 1
                else:
                    manifest.write(f"{labels.line(result, image_sides)}\n".encode())
        if labels is not None:
            manifest.seek(0)
            files.s3.upload_fileobj(manifest, files.bucket, _key(files, "labels.manifest"))
    files.write(_key(files, "summary.csv"), table.as_csv(), "text/csv")
    return unlabelled_count


def _in_groups(
    threads: ThreadPoolExecutor, read: Callable[[ManifestPart], bytes], parts: Sequence[ManifestPart]
) -> Iterator[bytes]:
    """The parts' contents in order; only READERS of them are in memory."""
    for start in range(0, len(parts), READERS):
        yield from threads.map(read, parts[start : start + READERS])


def _sides(s3: Any, bucket: str, image: ListedImage | None) -> Sides | None:
    """The sides of an image, from its first bytes. Returns None if they can't be read, or are not wanted."""
    if image is None:
        return None
    version = {} if image.version_id is None else {"VersionId": image.version_id}

    def read(offset: int, length: int) -> bytes:
        last = min(offset + length, image.size) - 1
        if last < offset:
            return b""
        answer = s3.get_object(Bucket=bucket, Key=image.key, Range=f"bytes={offset}-{last}", **version)
        content: bytes = answer["Body"].read()
        return content

    try:
        sides = sides_of_picture(read(0, HEAD_BYTES), read)
    except ClientError:  # the image was deleted in the meantime: its labels remain in its part
        return None
    return None if isinstance(sides, Fault) else sides


def _key(files: ShardFiles, name: str) -> str:
    return f"{folder(files.run_id)}{name}"


def _uri(files: ShardFiles, name: str) -> str:
    return f"s3://{files.bucket}/{_key(files, name)}"
