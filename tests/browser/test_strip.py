"""The strip of a batch's report as its reader sees it: at a desk, on a phone in the dark, on paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from iu_tuner.vision.formats.rekognition import labels_of_answer
from iu_tuner.vision.strip.choice import ProcessedImage
from iu_tuner.vision.strip.section import thumbnail, with_strip
from lambdas.reports.page.render import page
from simulation.samples.batch import batch_page
from tests.browser.conftest import DESK, PHONE, Opened
from tests.browser.test_report import A4, assert_accessible
from tests.unit.vision.comparing import REAL
from tests.unit.vision.drawn import answer
from tests.unit.vision.test_draw import bees

SIDES = (0.3, 0.2, 0.4, 0.6)
ANSWERS = {
    "3898660.jpg": bees(),
    "dog-human.jpg": answer(("person", 94.4, (0.1, 0.1, 0.5, 0.7)), ("outdoors", 91.25, None)),
    "Portrait_6.jpg": answer(("a-long-label-" * 8, 88.1, SIDES)),
    "img_1.jpg": answer(("<script>alert(1)</script>", 12.0, SIDES)),
    "img_2.jpg": answer(),
    "img_3.jpg": answer(("\u202eeeb", 55.0, SIDES)),
}


@pytest.fixture(scope="module")
def strip(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A report with six images, whose keys are long."""
    path = tmp_path_factory.mktemp("strip") / "report.html"
    images = [
        ProcessedImage(f"incoming/{'bees-' * 20}/{name}", "", labels_of_answer(ANSWERS[name])) for name in ANSWERS
    ]
    shown = [thumbnail(image, (REAL / "images" / image.key.rpartition("/")[2]).read_bytes()) for image in images]
    html = with_strip(page(batch_page("complete")), [each for each in shown if each is not None], 52)
    path.write_text(html, "utf-8")
    context = browser.new_context(offline=True)
    opened = Opened(context)
    opened.load(path, width=DESK)
    yield opened
    context.close()


def test_each_image_is_shown_with_its_key_and_its_labels_offline(strip: Opened) -> None:
    widths = strip.tab.evaluate(
        "() => [...document.querySelectorAll('#strip img')].map((one) => [one.complete, one.naturalWidth > 0])"
    )

    assert widths == [[True, True]] * len(ANSWERS)
    captions = [each.replace("\xa0", " ") for each in strip.tab.locator("#strip figcaption").all_inner_texts()]
    assert [name in caption for name, caption in zip(ANSWERS, captions, strict=True)] == [True] * len(ANSWERS)
    assert "22 bee, 99.67 % to 99.99 %" in captions[0]
    assert "<script>alert(1)</script> 12.00 %" in captions[3]
    assert "no label" in captions[4]
    assert strip.complaints == []


@pytest.mark.parametrize(("width", "columns"), [(DESK, 3), (PHONE, 2)])
def test_the_strip_fits_the_screen_and_its_images_keep_their_shape(strip: Opened, width: int, columns: int) -> None:
    strip.show(width=width)

    wide, lefts, stretched = strip.tab.evaluate(
        """() => { const images = [...document.querySelectorAll("#strip img")], boxes = images.map(
            (one) => one.getBoundingClientRect()); return [document.documentElement.scrollWidth,
            new Set(boxes.map(({ left }) => Math.round(left))).size, images.map((one, at) => Math.abs(
            boxes[at].height / boxes[at].width - one.naturalHeight / one.naturalWidth)).filter((by) => by > 0.02)]; }"""
    )

    assert (wide <= width, lefts, stretched) == (True, columns, [])


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_a_report_with_a_strip_is_accessible(strip: Opened, width: int, scheme: str) -> None:
    strip.show(width=width, scheme=scheme)  # type: ignore[arg-type]

    assert_accessible(strip)


def test_the_strip_fits_a_sheet_of_paper(strip: Opened) -> None:
    strip.show(width=A4)
    strip.tab.emulate_media(media="print")

    wide = strip.tab.evaluate("() => document.documentElement.scrollWidth")
    strip.tab.emulate_media(media="screen")

    assert wide <= A4
