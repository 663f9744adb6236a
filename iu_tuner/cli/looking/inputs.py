"""Where the images and results of a command come from: this machine or S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from iu_tuner.cli.aws.s3.downloads import S3, get_objects
from iu_tuner.cli.aws.stack import StackOptions
from iu_tuner.contract.names import MASK_SUFFIX


@contextmanager
def inputs(
    images: tuple[str, ...], results: str | None, excluded_folder: Path | None, stack_options: StackOptions
) -> Iterator[Any]:
    """The image files and their results, as a pair; what is in S3 lies in a temporary folder meanwhile.

    `excluded_folder` is a folder whose images are left out: that of the output.
    """
    from iu_tuner.vision.drawing.images import ImageFile, find_images, is_image
    from iu_tuner.vision.drawing.results import ResultFiles, find_results, results_beside

    def download(uri: str, is_wanted: Callable[[str], bool]) -> dict[str, Path]:
        folder = Path(temporary, str(len(list(Path(temporary).iterdir()))))
        return get_objects(
            uri,
            folder,
            is_wanted,
            region=stack_options.region,
            profile=stack_options.profile,
            endpoint_url=stack_options.endpoint_url,
        )

    with TemporaryDirectory() as temporary:
        image_files: list[ImageFile] = []
        result_files: dict[str, Path] = {}
        if local_paths := [Path(each) for each in images if not each.startswith(S3)]:
            image_files += find_images(local_paths, excluded_folder)
        for uri in (each for each in images if each.startswith(S3)):
            files = download(uri, lambda key: is_image(key) or (results is None and _is_result(key)))
            folder_prefix = uri.removeprefix(S3).partition("/")[2].rpartition("/")[0]
            image_files += [
                ImageFile(key, key.removeprefix(f"{folder_prefix}/"), path)
                for key, path in files.items()
                if is_image(key) and not key.endswith(MASK_SUFFIX)
            ]
            result_files |= files
        if results is None:
            yield image_files, ResultFiles(result_files) if result_files else results_beside(image_files)
        elif not results.startswith(S3):
            yield image_files, find_results(results)
        else:
            yield image_files, _results_of(download(results, _is_result), find_results)


def _is_result(key: str) -> bool:
    return key.endswith((".json", ".jsonl", MASK_SUFFIX))


def _results_of(files: dict[str, Path], find_results: Callable[[str], Any]) -> Any:
    """The results among downloaded objects: detections lines if there are any, else `<key>.json`."""
    from iu_tuner.vision.drawing.results import ResultFiles

    parts = [path for key, path in files.items() if key.endswith(".jsonl") and not key.endswith("failed.jsonl")]
    if not parts:
        return ResultFiles(files)
    merged_file = parts[0].with_name("detections.jsonl")
    with merged_file.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes().rstrip(b"\n") + b"\n")
    return find_results(f"{merged_file}:detections")
