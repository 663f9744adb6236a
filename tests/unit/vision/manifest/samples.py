"""Lines of manifests, good ones and what can be changed in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from iu_tuner.cli.main import main

Line = dict[str, Any]
BOX = {"class_id": 0, "top": 20, "left": 10, "width": 30, "height": 40}
ABOUT = {"human-annotated": "yes", "creation-date": "2022-09-12T09:51:00.148118", "job-name": "labeling-job/bees"}


def boxes(number: int, annotations: list[Any] | None = None, *, prefix: str = "s3://meadow/raw") -> Line:
    """A line with boxes of bees (0) and wasps (1), as a labelling job writes it."""
    annotations = [dict(BOX), {**BOX, "class_id": 1, "left": 300.5}] if annotations is None else annotations
    return {
        "source-ref": f"{prefix}/{number}.jpg",
        "bees": {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": annotations},
        "bees-metadata": {
            "objects": [{"confidence": 0.93} for _ in annotations],
            "class-map": {"0": "bee", "1": "wasp"},
            "type": "groundtruth/object-detection",
            **ABOUT,
        },
    }


def classes(number: int, name: str, value: Any = 0) -> Line:
    """A line with a class of the whole image."""
    about = {"class-name": name, "confidence": 0.95, "type": "groundtruth/image-classification", **ABOUT}
    return {"source-ref": f"s3://meadow/raw/{number}.jpg", "kind": value, "kind-metadata": about}


def anomaly(number: int, name: str, *, prefix: str = "s3://line-3/") -> Line:
    """A line for Lookout for Vision with a mask: metadata before values, dates as JavaScript prints them, no
    confidence, and the colour 0 is no background."""
    date = "Mon Aug 22 2022 13:52:52 GMT-0700 (Pacific Daylight Time)"
    label = {"class-name": name, "human-annotated": "yes", "creation-date": date}
    return {
        "source-ref": f"{prefix}pieces/{number}.jpg",
        "look-metadata": {**label, "type": "groundtruth/image-classification"},
        "look": int(name == "anomaly"),
        "look-mask-ref-metadata": {
            "internal-color-map": {"0": {"class-name": "scratch", "hex-color": "#23A436"}},
            "creation-date": date,
            "type": "groundtruth/semantic-segmentation",
        },
        "look-mask-ref": f"{prefix}masks/{number}.png",
    }


def text(*lines: Line | str) -> str:
    """Lines of a file; a text is taken as it is."""
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)


@dataclass(frozen=True)
class Done:
    """What the command ended with and printed."""

    code: int
    out: str
    err: str

    @property
    def findings(self) -> list[tuple[int, str]]:
        """Line and code of each finding, as they were printed."""
        parts = [line.split(": ", 2) for line in self.out.splitlines()]
        return [(int(line), code) for line, code, sentence in parts if sentence]


class Manifest:
    """`manifest("check", path)`: the command as a user runs it, without a traceback."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys, self.folder = capsys, folder

    def __call__(self, *arguments: object) -> Done:
        self._capsys.readouterr()
        code = main(["manifest", *map(str, arguments)])
        said = self._capsys.readouterr()
        assert "Traceback" not in said.err
        return Done(code, said.out, said.err)

    def file(self, contents: str | bytes, name: str = "in.manifest") -> Path:
        """A file in the test's folder."""
        path = self.folder / name
        path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
        return path
