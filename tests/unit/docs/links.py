"""Finds what the pages point to and is not there: relative links, anchors, files in backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

REPOSITORY = Path(__file__).parents[3]
FENCE = re.compile(r"^ *(```|~~~).*?^ *\1", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+?)\s*$", re.MULTILINE)
# `lambdas/capacity/search.py`, `docs/`, `tests/unit/docs/test_links.py::name`: what begins with a name of the root.
_CODE = re.compile(r"`([\w.-]+/[\w./-]*)(?:::\w+)?`")


def pages(root: Path) -> list[Path]:
    """The README, the files beside it that GitHub shows, and everything under docs."""
    return sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")])


def broken(root: Path) -> list[str]:
    """`page: target` of everything that is pointed to and not there."""
    return [f"{page.relative_to(root)}: {target}" for page in pages(root) for target in _missing(page, root)]


def _missing(page: Path, root: Path) -> Iterator[str]:
    text = FENCE.sub("", page.read_text("utf-8"))
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue  # somebody else's page, which no test here may depend on
        path, _, anchor = target.partition("#")
        file = page.parent / unquote(path) if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            yield target
    own = {entry.name for entry in root.iterdir()} - {".venv", "node_modules", "out"}  # made by the set-up and the demo
    for path in _CODE.findall(text):
        if path.split("/")[0] in own and not (root / path).exists():
            yield path


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the page's headings."""
    found: set[str] = set()
    for heading in _HEADING.findall(FENCE.sub("", page.read_text("utf-8"))):
        name = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)).lower().replace(" ", "-")
        found.add(name if name not in found else f"{name}-1")
    return found
