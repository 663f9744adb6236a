"""`PATH[:FORMAT]` and `PATH#ATTRIBUTE`: where a set of labels lies, and in which format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError

FORMATS = ("results", "detections", "coco", "tensorflow", "manifest")
_BY_SUFFIX = {".json": "coco", ".jsonl": "detections", ".manifest": "manifest"}


@dataclass(frozen=True)
class Source:
    """`attributes` are the label attributes of a manifest that are read; none means its only one."""

    path: Path
    format: str
    attributes: tuple[str, ...] = ()


def parse_source(text: str) -> Source:
    """Parse where predictions are. Without a format the name decides: a folder is `results`, `.jsonl` is `detections`,
    `.json` is `coco`, `.manifest` or `#` is `manifest`.

    Raises:
        UsageError: nothing is there, or its name stands for no format.
    """
    path, colon, format_ = text.rpartition(":")
    if not colon or format_ not in FORMATS:
        path, format_ = text, ""
    attributes = ""
    if not Path(path).exists() and (not format_ or format_ == "manifest"):
        path, _, attributes = path.partition("#")
    source_path = Path(path)
    if not source_path.exists():
        raise UsageError(f"{quoted(text)}: there is no file or folder {path}; takes PATH[:FORMAT], {_valid_formats()}")
    format_ = format_ or ("manifest" if attributes else _named_format(source_path))
    if not format_:
        raise UsageError(f"{quoted(text)}: the name says no format; write PATH:FORMAT, {_valid_formats()}")
    return Source(source_path, format_, tuple(filter(None, attributes.split(","))))


def parse_truth(text: str) -> Source:
    """Parse where the truth is: as predictions, but a COCO data set or a manifest, which needs no suffix.

    Raises:
        UsageError: as `parse_source`.
    """
    truth_path = Path(text.partition("#")[0])
    if truth_path.is_file() and truth_path.suffix.lower() != ".json":
        return parse_source(text if text.endswith(":manifest") else f"{text}:manifest")
    source = parse_source(text)
    if source.format not in ("coco", "manifest"):
        raise UsageError(f"--truth: {quoted(text)}: takes a manifest, or a COCO data set in a .json file")
    return source


def _named_format(path: Path) -> str:
    return "results" if path.is_dir() else _BY_SUFFIX.get(path.suffix.lower(), "")


def _valid_formats() -> str:
    return f"with FORMAT one of {', '.join(FORMATS)}"
