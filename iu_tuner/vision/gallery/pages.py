"""Writes the pages of a gallery."""

from __future__ import annotations

import hashlib
import json
import os
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from iu_tuner.formats import count
from iu_tuner.vision.gallery.curves import axis_start, curve
from iu_tuner.vision.gallery.figures import figure
from iu_tuner.vision.gallery.shots import Shot
from iu_tuner.vision.page import page as comparison
from iu_tuner.vision.page.markup import text

PER_PAGE = 60  # images: a page of about 6 MB
_FOLDER = Path(__file__).parent


@dataclass
class Gallery:
    """What `write` found and wrote."""

    images: int = 0
    confidences: dict[str, list[float]] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    pages: list[Path] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many labels there are, of any confidence."""
        return sum(map(len, self.confidences.values()))


def write(shots: Iterable[Shot], out: Path, threshold: float, description: str) -> Gallery:
    """Write `out`, and `<name>-2.html` and so on where there are more images than PER_PAGE.

    Labels are counted over all pages. The parts of the pages lie in a folder meanwhile, as they may not fit in memory.
    Nothing is written if there is no image. `threshold` is where the slider starts.
    """
    gallery = Gallery()
    with TemporaryDirectory() as folder:
        parts: list[Path] = []
        for figures in _by_page(_collect(shots, gallery), gallery):
            parts.append(Path(folder, str(len(parts))))
            parts[-1].write_text("\n".join(figures), "utf-8")
        gallery.pages = [
            out if number == 0 else out.with_name(f"{out.stem}-{number + 1}{out.suffix}")
            for number, _ in enumerate(parts)
        ]
        out.parent.mkdir(parents=True, exist_ok=True)
        for number, part in enumerate(parts):
            html = _page(gallery, number, part.read_text("utf-8"), threshold, description)
            gallery.pages[number].write_text(html, "utf-8")
    return gallery


def _collect(shots: Iterable[Shot], gallery: Gallery) -> Iterator[Shot]:
    """The shots that have an image; sentences and confidences are added to the gallery."""
    for shot in shots:
        gallery.sentences += [f"{shot.name}: {each}" for each in shot.sentences]
        if not shot.jpeg:
            continue
        gallery.images += 1
        for label in shot.labels:
            gallery.confidences.setdefault(label.name, []).append(label.confidence)
        yield shot


def _by_page(shots: Iterable[Shot], gallery: Gallery) -> Iterator[list[str]]:
    figures: list[str] = []
    for shot in shots:
        figures.append(figure(shot, list(gallery.confidences).index))
        if len(figures) == PER_PAGE:
            yield figures
            figures = []
    if figures:
        yield figures


def _page(gallery: Gallery, number: int, figures: str, threshold: float, description: str) -> str:
    style = (comparison.FOLDER / "style.css").read_text("utf-8") + (_FOLDER / "gallery.css").read_text("utf-8")
    script = (_FOLDER / "gallery.js").read_text("utf-8")
    sorted_confidences = {name: sorted(each) for name, each in gallery.confidences.items()}
    start = axis_start(list(sorted_confidences.values()))
    by_count = sorted(enumerate(sorted_confidences.items()), key=lambda item: -len(item[1][1]))
    curves = "".join(curve(index, name, each, start) for index, (name, each) in by_count)
    data = {
        "labels": list(sorted_confidences),
        "confidences": list(sorted_confidences.values()),
        "images": gallery.images,
    }
    values = {
        "policy": _policy(script),
        "title": f"Results on {count(gallery.images, 'image')}",
        "style": style,
        "about": text(description),
        "threshold": f"{threshold:g}" if float(f"{threshold:g}") == threshold else repr(threshold),
        "curves": curves or "<p>No image has a label.</p>",
        "figures": figures,
        "pages": _links(gallery.pages, number),
        "notes": "".join(f"<li>{text(each)}</li>" for each in gallery.sentences),
        "notes_hidden": "" if gallery.sentences else "hidden",
        "data": json.dumps(data).replace("<", "\\u003c"),
        "script": script,
    }
    return _fill_template((_FOLDER / "gallery.html").read_text("utf-8"), values)


def _fill_template(template: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], template)


def _policy(script: str) -> str:
    """Nothing from outside, and no script but this one."""
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _links(pages: list[Path], number: int) -> str:
    if len(pages) == 1:
        return ""
    current = ' aria-current="page"'
    links = "".join(
        f'<li><a href="{quote(os.fsencode(page.name))}"{current if each == number else ""}>Page {each + 1}</a></li>'
        for each, page in enumerate(pages)
    )
    return f'<nav class="pages" aria-label="Pages of the gallery"><ul>{links}</ul></nav>'
