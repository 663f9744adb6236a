"""Finds and reads the result of each image. One that can't be used is a sentence about that image alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from iu_tuner.contract.input_errors import quoted
from iu_tuner.contract.names import MASK_SUFFIX
from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.drawing.anomalies import Anomalies, anomalies_of
from iu_tuner.vision.drawing.images import ImageFile, files_below
from iu_tuner.vision.formats.files import read_json, read_lines
from iu_tuner.vision.formats.labels import Label
from iu_tuner.vision.formats.read import read_predictions
from iu_tuner.vision.formats.rekognition import detections_of, detections_parts, result_of
from iu_tuner.vision.formats.sources import FORMATS, Source, parse_source


class NoResult(Exception):
    """An image has no result that can be used; the message is a sentence without the image's name."""


@dataclass(frozen=True)
class Result:
    """What a model found on an image."""

    labels: tuple[Label, ...]
    anomalies: Anomalies | None = None


class Results(Protocol):
    """Results by key. `notes` are sentences about what could not be read and belongs to no image."""

    notes: Sequence[str]

    @property
    def keys(self) -> Iterable[str]:
        """The keys of all results."""
        ...

    def read(self, key: str) -> Result:
        """The result of a key. Raises NoResult."""
        ...

    def model_arn(self) -> str | None:
        """The model that the first result names, or None."""
        ...


class ResultFiles:
    """`<key>.json`, as uploads get them, with `<key>.mask.png` and `<key>.error.json`; by their paths or keys."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self.notes: Sequence[str] = ()

    @property
    def keys(self) -> Iterable[str]:
        """The names without `.json`."""
        return {
            name.removesuffix(".json").removesuffix(".error") for name in self._files if name.lower().endswith(".json")
        }

    def read(self, key: str) -> Result:
        """The result in `<key>.json`. Raises NoResult, with the reason in `<key>.error.json` if there is one."""
        try:
            if (path := self._files.get(f"{key}.json")) is None:
                raise NoResult(_error_of(self._files[f"{key}.error.json"]))
            answer = read_json(path)
            labels = result_of(key, answer).labels
            return Result(labels, anomalies_of(answer, self._files.get(f"{key}{MASK_SUFFIX}")))
        except (UsageError, ValueError, OSError) as error:
            raise NoResult(f"its result can't be used: {error}") from None

    def model_arn(self) -> str | None:
        """The `Inference.modelArn` of the first result."""
        names = sorted(name for name in self._files if name.endswith(".json") and not name.endswith(".error.json"))
        answer = read_json(self._files[names[0]]) if names else None
        inference = answer.get("Inference") if isinstance(answer, dict) else None
        model_arn = inference.get("modelArn") if isinstance(inference, dict) else None
        return model_arn if isinstance(model_arn, str) else None


class ResultsInMemory:
    """Results that are read at once: detections lines, or a format of `iu-tuner compare`."""

    def __init__(self) -> None:
        self._results: dict[str, Result | str] = {}
        self.notes: Sequence[str] = ()

    @property
    def keys(self) -> Iterable[str]:
        """The keys of the lines."""
        return self._results

    def read(self, key: str) -> Result:
        """The labels of a key. Raises NoResult."""
        result = self._results[key]
        if isinstance(result, str):
            raise NoResult(result)
        return result

    def model_arn(self) -> str | None:
        """Returns None, as such lines name no model."""
        return None

    @classmethod
    def of_detections(cls, path: Path) -> ResultsInMemory:
        """Read detections lines. Raises UsageError if the file can't be read."""
        results, notes = cls(), []
        for part in detections_parts(path):
            for number, line in read_lines(part):
                key = line.get("key") if isinstance(line, dict) else None
                try:
                    result = detections_of(line)
                except ValueError as error:
                    sentence = f"{part}: line {number}: {error}"
                    if isinstance(key, str):
                        results._results[key] = f"its result can't be used: {sentence}"
                    else:
                        notes.append(sentence)
                    continue
                is_twice = result.key in results._results
                results._results[result.key] = "it has two results" if is_twice else Result(result.labels)
        results.notes = notes
        return results

    @classmethod
    def of_predictions(cls, source: Source) -> ResultsInMemory:
        """Read COCO, TensorFlow or a manifest. Raises UsageError with sentences."""
        results, data_set = cls(), read_predictions(source, {})
        results._results = {image.key: Result(image.labels) for image in data_set.images}
        results.notes = data_set.notes
        return results


def find_results(text: str) -> Results:
    """The results at PATH[:FORMAT]; a folder with `part-<n>.jsonl` holds detections, another one `<key>.json`.

    Raises:
        UsageError: nothing is there, or a format that is read at once can't be read.
    """
    source = parse_source(text)
    is_batch = source.path.is_dir() and any(source.path.glob("part-*.jsonl"))
    if source.format == "detections" or (is_batch and not text.endswith(tuple(f":{name}" for name in FORMATS))):
        return ResultsInMemory.of_detections(source.path)
    if source.format == "results" and source.path.is_dir():
        return ResultFiles(dict(files_below(source.path)))
    if source.format == "results":
        raise UsageError(f"{source.path}: the format results takes a folder of <key>.json")
    return ResultsInMemory.of_predictions(source)


def results_beside(images: Iterable[ImageFile]) -> Results:
    """The `<key>.json` beside each image file."""
    files: dict[str, Path] = {}
    for image in images:
        for suffix in (".json", ".error.json", MASK_SUFFIX):
            if (path := image.path.with_name(image.path.name + suffix)).is_file():
                files[image.key + suffix] = path
    return ResultFiles(files)


class Matcher:
    """Finds the result's key of each image: the same key, else the only one that ends alike, else by file name."""

    def __init__(self, images: Iterable[ImageFile], results: Results) -> None:
        self._keys = set(results.keys)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for key in sorted(self._keys):
            self._by_name[PurePosixPath(key).name].append(key)
        self._images = Counter(PurePosixPath(image.key).name for image in images)

    def key_of(self, image: ImageFile) -> str:
        """The key of the image's result. Raises NoResult: there is none, or there are several."""
        if image.key in self._keys:
            return image.key
        name = PurePosixPath(image.key).name
        same_name_keys = self._by_name.get(name, [])
        if not same_name_keys:
            raise NoResult("there is no result for it")
        same_folder_keys = [key for key in same_name_keys if _share_a_folder(key, image.key)]
        if len(same_folder_keys) == 1:
            return same_folder_keys[0]
        if len(same_name_keys) > 1:
            raise NoResult(f"several results have its file name: {', '.join(map(quoted, same_name_keys[:3]))}")
        if self._images[name] > 1:
            raise NoResult(f"several images have its file name, but there is one result: {quoted(same_name_keys[0])}")
        return same_name_keys[0]


def _share_a_folder(a: str, b: str) -> bool:
    """Whether one path is the end of the other, with a folder at least."""
    return "/" in a and "/" in b and (a.endswith(f"/{b}") or b.endswith(f"/{a}"))


def _error_of(path: Path) -> str:
    """The sentence about an image that the service could not analyse."""
    values = read_json(path)
    error = values.get("Error") if isinstance(values, dict) else None
    error = error if isinstance(error, dict) else {}
    return f"it could not be analysed: {error.get('Code', 'unknown error')}: {error.get('Message', 'no message')}"
