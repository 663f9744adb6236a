"""Every link and every file that the pages name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.docs.links import REPOSITORY, broken, pages


def test_nothing_that_the_pages_point_to_is_missing() -> None:
    assert broken(REPOSITORY) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](docs/page.md) [b](docs/page.md#its-2nd-heading) [c](#here) `docs/page.md` `other/x.py`", []),
        ("[a](docs/gone.md)", ["README.md: docs/gone.md"]),
        ("[a](docs/page.md#gone)", ["README.md: docs/page.md#gone"]),
        ("[a](#gone)", ["README.md: #gone"]),
        ("see `docs/gone.py`", ["README.md: docs/gone.py"]),
        ("```\n[a](docs/gone.md)\n```", []),
        ("[a](https://example.com/gone)", []),
    ],
)
def test_a_broken_link_is_found(text: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("# Page\n\n## Its `2nd` heading!\n", "utf-8")
    (tmp_path / "README.md").write_text(f"# Here\n\n{text}\n", "utf-8")

    assert broken(tmp_path) == found


def test_the_index_has_every_page_with_a_line_of_its_own() -> None:
    docs = REPOSITORY / "docs"
    listed = re.findall(r"^- \[[^\]]+\]\(([^)#]+)\): .+", (docs / "README.md").read_text("utf-8"), re.MULTILINE)
    there = [str(page.relative_to(docs)) for page in pages(REPOSITORY) if docs in page.parents]

    assert sorted(listed) == sorted(page for page in there if page != "README.md")


@pytest.mark.parametrize("record", sorted((REPOSITORY / "docs" / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_is_a_page_of_four_headings(record: Path) -> None:
    text = record.read_text("utf-8")

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Status", "Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 25
