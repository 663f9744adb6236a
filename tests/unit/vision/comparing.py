"""Runs `iu-tuner compare` as a user does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from iu_tuner.cli.main import main

REAL = Path(__file__).parent / "real"
CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Compared:
    """What the command ended with, printed and wrote."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def output(self) -> dict[str, Any]:
        """The contents of `compare.json`."""
        found: dict[str, Any] = json.loads((self.folder / "compare.json").read_text("utf-8"))
        return found

    @property
    def page(self) -> str:
        """The page."""
        return (self.folder / "compare.html").read_text("utf-8")


class Command:
    """`compare(truth, "--option", "value", A=path)`."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys, self.folder, self._calls = capsys, folder, 0

    def __call__(self, truth: object, *options: str, **predictions: object) -> Compared:
        given = [part for name, path in predictions.items() for part in ("--predictions", f"{name}={path}")]
        self._calls += 1
        out = self.folder / f"out{self._calls}"
        self._capsys.readouterr()
        code = main(["compare", "--truth", str(truth), *given, *options, "--out", str(out)])
        said = self._capsys.readouterr()
        return Compared(code, said.out, said.err, out)

    def file(self, name: str, contents: object) -> Path:
        """A file of JSON, or of the text, in a folder of the test."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents if isinstance(contents, str) else json.dumps(contents), "utf-8")
        return path
