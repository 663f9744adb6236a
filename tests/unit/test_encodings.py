"""No text is read or written in the encoding of the machine, which is ASCII under LC_ALL=C."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FOLDERS = ("bench", "infra", "lambdas", "local", "tests", "tools")
MODULES = [REPOSITORY / "app.py", *(path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.py"))]
# Name of a call -> at which place it takes its mode, and its encoding; None: by name only.
CALLS: dict[str, tuple[int | None, int | None]] = {
    "read_text": (None, 0),
    "write_text": (None, 1),
    "open": (1, 3),
    ".open": (0, 2),
    "fdopen": (1, 3),
    "TemporaryFile": (0, 2),
    "NamedTemporaryFile": (0, 2),
    "SpooledTemporaryFile": (1, 3),
}

TEXT_PIPES = ("text", "universal_newlines")  # of subprocess


def unspecified(code: str) -> list[int]:
    """The lines with a call that leaves the encoding of its text to the machine."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if leaves_it_open(call)]


def leaves_it_open(call: ast.Call) -> bool:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if "encoding" in given:
        return False
    if any(isinstance(text := given.get(name), ast.Constant) and text.value is True for name in TEXT_PIPES):
        return True
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "open" and isinstance(call.func, ast.Attribute):
        name = ".open"
    if name not in CALLS:
        return False
    mode_at, encoding_at = CALLS[name]
    if encoding_at is not None and len(call.args) > encoding_at:
        return False
    if mode_at is None:
        return True
    mode = given.get("mode") or (call.args[mode_at] if len(call.args) > mode_at else None)
    if mode is None:
        return not name.endswith("File")  # temporary files are binary, unless something else is said
    # What is no text can't be a mode: `opener.open(request)`.
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and "b" not in mode.value


def test_each_text_has_its_encoding() -> None:
    found = {str(path.relative_to(REPOSITORY)): unspecified(path.read_text("utf-8")) for path in MODULES}

    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("code", "is_open"),
    [
        ("path.read_text()", True),
        ("path.read_text('utf-8')", False),
        ("path.write_text(text, encoding='utf-8')", False),
        ("path.write_text(text)", True),
        ("open(name)", True),
        ("open(name, 'rb')", False),
        ("path.open('w')", True),
        ("path.open(mode='wb')", False),
        ("opener.open(request)", False),
        ("TemporaryFile('w+')", True),
        ("TemporaryFile()", False),
        ("subprocess.run(command, text=True)", True),
        ("subprocess.run(command, text=True, encoding='utf-8')", False),
    ],
)
def test_which_calls_leave_it_open(code: str, is_open: bool) -> None:
    assert bool(unspecified(code)) is is_open
