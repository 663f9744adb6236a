"""`iu-tuner gallery`: which pages are written, and what is in them."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from iu_tuner.exit_codes import Exit
from iu_tuner.vision.gallery import pages
from iu_tuner.vision.gallery.curves import curve
from tests.unit.vision.comparing import REAL
from tests.unit.vision.drawn import Looking, answer
from tests.unit.vision.test_draw_real_images import lookout, rgba_mask

BOX = (0.25, 0.5, 0.25, 0.25)


def test_more_images_than_fit_become_pages_that_count_all_labels(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PER_PAGE", 2)
    folder = looking.folder / "photos"
    folder.mkdir()
    names = [f"{number} #.png" for number in range(5)]
    for number, name in enumerate(names):
        Image.new("RGB", (1200, 600)).save(folder / name)
        (folder / f"{name}.json").write_text(json.dumps(answer(("bee", 90 + number, BOX))), "utf-8")
    (folder / "broken.png").write_bytes(b"broken")
    (folder / "broken.png.json").write_text(json.dumps(answer(("bee", 90, BOX))), "utf-8")

    ended = looking("gallery", folder, "--threshold", "92")

    written = [ended.place.parent / name for name in ("gallery.html", "gallery-2.html", "gallery-3.html")]
    htmls = [path.read_text("utf-8") for path in written]
    assert ended.out.splitlines() == [*map(str, written), "5 images of 6 shown, 5 labels"]
    assert ended.err == "broken.png: it is no JPEG, PNG or WebP image, or its first bytes are broken\n"
    assert [html.count('<figure class="shot"') for html in htmls] == [2, 2, 1]
    for number, html in enumerate(htmls, 1):
        data = json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)[0])
        assert data == {"labels": ["bee"], "confidences": [[90, 91, 92, 93, 94]], "images": 5}
        assert html.count('href="gallery-2.html"') == 2  # above and below the images
        assert f'aria-current="page">Page {number}<' in html
        assert 'value="92"' in html
    assert '<rect x="300" y="300" width="300" height="150"' in htmls[0]  # in pixels of the whole image


def test_a_page_of_60_photographs_has_about_6_megabytes(looking: Looking) -> None:
    image = REAL / "images" / "Portrait_6.jpg"
    looking.results({image.name: answer()})

    ended = looking("gallery", image, "--results", looking.folder / "results")

    assert 20_000 < ended.place.stat().st_size < 6_000_000 / 60 * 1.2


def test_texts_from_outside_are_escaped(looking: Looking) -> None:
    hostile = '</script><img src=x onerror="alert(1)">'
    image = looking.folder / "<b> & 'a'.png"
    Image.new("RGB", (80, 80)).save(image)
    results = looking.results({image.name: answer((hostile, 99, BOX), (hostile, 98, None))})

    html = looking("gallery", image, "--results", results).place.read_text("utf-8")

    assert "<img" not in html
    assert "<b> &" not in html
    assert html.count("</script>") == 2


def test_a_mask_is_a_layer_that_goes_with_its_label(looking: Looking) -> None:
    Image.new("RGB", (60, 80)).save(looking.folder / "board.png")
    results = looking.results({"board.png": lookout(rgba_mask())})

    html = looking("gallery", looking.folder / "board.png", "--results", results).place.read_text("utf-8")

    assert re.search(r'<image class="mask" data-confidence="98.398" width="60" height="80"', html)
    assert "cracked 1.81 %" in html


def test_nothing_to_show_is_a_finding_and_no_page(looking: Looking) -> None:
    ended = looking("gallery", REAL / "images" / "img_1.jpg")

    assert (ended.code, ended.place.exists()) == (Exit.ASSERTION, False)
    assert "img_1.jpg: there is no result for it" in ended.err


@given(st.lists(st.floats(0, 100), min_size=1, max_size=900))
def test_a_curve_falls_from_all_labels_to_none(confidences: list[float]) -> None:
    figure = curve(0, "bee", sorted(confidences), int(min(confidences)))

    points = re.findall(r"H([\d.]+)V([\d.]+)", figure)
    across, up = [float(x) for x, _ in points], [float(y) for _, y in points]
    assert across == sorted(across)
    assert up == sorted(up)
    assert (across[-1] <= 310, up[-1] <= 108) == (True, True)
    assert len(points) <= 401
