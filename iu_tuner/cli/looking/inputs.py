"""Where the images and results of a command come from: this machine or S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from iu_tuner.cli.aws.s3.downloads import S3, get_objects
from iu_tuner.cli.aws.stack import Where
from iu_tuner.contract.names import MASK_SUFFIX


@contextmanager
def inputs(images: tuple[str, ...], results: str | None, without: Path | None, where: Where) -> Iterator[Any]:
    """The image files and their results, as a pair; what is in S3 lies in a temporary folder meanwhile.

    `without` is a folder whose images are left out: that of the output.
    """
    from iu_tuner.vision.drawing.images import ImageFile, find_images, is_image
    from iu_tuner.vision.drawing.results import ResultFiles, find_results, results_beside

    def fetched(uri: str, wanted: Callable[[str], bool]) -> dict[str, Path]:
        folder = Path(temporary, str(len(list(Path(temporary).iterdir()))))
        return get_objects(
            uri, folder, wanted, region=where.region, profile=where.profile, endpoint_url=where.endpoint_url
        )

    with TemporaryDirectory() as temporary:
        found: list[ImageFile] = []
        beside: dict[str, Path] = {}
        if local := [Path(each) for each in images if not each.startswith(S3)]:
            found += find_images(local, without)
        for uri in (each for each in images if each.startswith(S3)):
            files = fetched(uri, lambda key: is_image(key) or (results is None and _is_result(key)))
            base = uri.removeprefix(S3).partition("/")[2].rpartition("/")[0]
            found += [
                ImageFile(key, key.removeprefix(f"{base}/"), path)
                for key, path in files.items()
                if is_image(key) and not key.endswith(MASK_SUFFIX)
            ]
            beside |= files
        if results is None:
            yield found, ResultFiles(beside) if beside else results_beside(found)
        elif not results.startswith(S3):
            yield found, find_results(results)
        else:
            yield found, _results_of(fetched(results, _is_result), find_results)


def _is_result(key: str) -> bool:
    return key.endswith((".json", ".jsonl", MASK_SUFFIX))


def _results_of(files: dict[str, Path], find_results: Callable[[str], Any]) -> Any:
    """The results among downloaded objects: detections lines if there are any, else `<key>.json`."""
    from iu_tuner.vision.drawing.results import ResultFiles

    parts = [path for key, path in files.items() if key.endswith(".jsonl") and not key.endswith("failed.jsonl")]
    if not parts:
        return ResultFiles(files)
    whole = parts[0].with_name("detections.jsonl")
    with whole.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes().rstrip(b"\n") + b"\n")
    return find_results(f"{whole}:detections")
