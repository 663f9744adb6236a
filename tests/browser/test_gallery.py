"""A gallery as its reader sees it: the slider moves boxes, counts and curves, also with the keyboard."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from iu_tuner.cli.main import main
from tests.browser.conftest import DESK, PHONE, Opened
from tests.browser.test_report import AXE
from tests.unit.vision.comparing import REAL
from tests.unit.vision.drawn import answer
from tests.unit.vision.test_draw import bees

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def gallery(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Bees, a picture with labels of the whole image, and one with a hostile label that is left out of the counts."""
    folder = tmp_path_factory.mktemp("gallery")
    fields = json.loads((REAL / "rekognition-fields.json").read_text("utf-8"))
    answers = {
        "3898660.jpg": bees(),
        "dog-human.jpg": answer(("person", 94.4, (0.1, 0.1, 0.5, 0.7)), ("outdoors", 91.25, None), (HOSTILE, 12, None)),
        "img_1.jpg": fields,
    }
    for name, found in answers.items():
        (folder / name).write_bytes((REAL / "images" / name).read_bytes())
        (folder / f"{name}.json").write_text(json.dumps(found), "utf-8")
    assert main(["gallery", str(folder), "--out", str(folder / "gallery.html")]) == 0
    context = browser.new_context(offline=True)
    opened = Opened(context)
    opened.load(folder / "gallery.html", width=DESK)
    yield opened
    context.close()


def set_threshold(gallery: Opened, threshold: float) -> None:
    gallery.tab.fill("#exact", str(threshold))


def boxes_of(gallery: Opened, name: str) -> int:
    """How many boxes a reader sees on an image."""
    shown: int = gallery.tab.evaluate(
        """(name) => [...document.querySelectorAll(".shot")].find((one) => one.dataset.name === name)
            .querySelectorAll(".box:not(.below)").length""",
        name,
    )
    return shown


@pytest.mark.parametrize(("threshold", "number"), [(99.99, 10), (99.98, 15), (99.9, 18), (99.4, 22), (10, 22)])
def test_the_page_counts_as_draw_does(gallery: Opened, threshold: float, number: int) -> None:
    set_threshold(gallery, threshold)

    bee = gallery.tab.locator(".curve", has_text="bee")
    assert boxes_of(gallery, "3898660.jpg") == number
    assert bee.locator(".of").inner_text() == f"{number} of 22"
    assert gallery.tab.locator(".shot", has_text="3898660.jpg").locator(".counts").inner_text() == f"{number} bee"
    assert f"{number} at {threshold}" in (bee.locator(".plot").get_attribute("aria-label") or "")
    assert gallery.complaints == []


def test_the_slider_can_be_moved_with_the_keyboard(gallery: Opened) -> None:
    set_threshold(gallery, 99.4)
    before = gallery.tab.locator(".curve .at").first.get_attribute("d")

    gallery.tab.focus("#slider")
    gallery.tab.keyboard.press("End")

    assert gallery.tab.input_value("#exact") == "100"
    assert gallery.tab.inner_text("#said").startswith("0 of 61 labels at 100 or above")
    assert gallery.tab.locator(".curve .at").first.get_attribute("d") != before
    assert gallery.tab.locator("#slider").get_attribute("aria-valuetext") == "100: 0 labels"
    gallery.tab.keyboard.press("ArrowLeft")
    assert gallery.tab.input_value("#exact") == "99.99"
    assert boxes_of(gallery, "3898660.jpg") == 10


def test_a_label_of_the_whole_image_is_in_its_caption(gallery: Opened) -> None:
    caption = gallery.tab.locator(".shot", has_text="dog-human.jpg").locator("figcaption")

    set_threshold(gallery, 91)
    assert "outdoors 91.25 %" in caption.inner_text()
    set_threshold(gallery, 92)
    assert "outdoors" not in caption.inner_text()


def test_names_can_be_taken_off_the_boxes(gallery: Opened) -> None:
    set_threshold(gallery, 0)
    name = gallery.tab.locator(".box text").first

    assert name.is_visible()
    gallery.tab.uncheck("#names")
    assert not name.is_visible()
    gallery.tab.check("#names")


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_gallery_fits_the_screen_and_is_accessible(gallery: Opened, width: int, scheme: str) -> None:
    set_threshold(gallery, 50)
    gallery.show(width=width, scheme="dark" if scheme == "dark" else "light")
    gallery.tab.evaluate(AXE.read_text(encoding="utf-8"))

    found = gallery.tab.evaluate("() => axe.run({ resultTypes: ['violations'] })")

    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert gallery.tab.evaluate("document.documentElement.scrollWidth") <= width
    assert gallery.complaints == []
