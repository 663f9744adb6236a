"""The strip of a batch's report: which images it has, how large they are, and what stands below them."""

from __future__ import annotations

import base64
import re
from collections import Counter
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from iu_tuner.vision.drawing.colours import colour_of, rgb
from iu_tuner.vision.formats.labels import Box, Label
from iu_tuner.vision.strip.choice import IMAGES, ProcessedImage, choose
from iu_tuner.vision.strip.section import Thumbnail, caption, thumbnail, with_strip

BOX = Box(0.25, 0.25, 0.5, 0.5, in_pixels=False)
PAGE = '<main><h1>a</h1><div class="pictures"></div></main>'


def image(number: int, *labels: tuple[str, float]) -> ProcessedImage:
    return ProcessedImage(f"{number}.jpg", "", tuple(Label(name, confidence, BOX) for name, confidence in labels))


def jpeg(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "JPEG", quality=95)
    return file.getvalue()


found = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 100)), max_size=3)


@given(st.lists(found, max_size=20))
def test_as_many_images_as_there_are_each_once_and_each_group_before_a_second_one_of_another(
    answers: list[list[tuple[str, float]]],
) -> None:
    images = [image(number, *labels) for number, labels in enumerate(answers)]

    chosen = choose(images)

    assert len(chosen) == len(set(map(id, chosen))) == min(IMAGES, len(images))
    there = Counter(each.best and each.best.name for each in images)
    shown = Counter(each.best and each.best.name for each in chosen)
    for name, number in there.items():
        assert shown[name] >= min(number, IMAGES // len(there))


def test_the_images_of_a_label_go_from_the_most_to_the_least_confident() -> None:
    images = [image(number, ("bee", 50 + number)) for number in range(50)]

    assert [each.key for each in choose(images, 5)] == ["49.jpg", "37.jpg", "25.jpg", "13.jpg", "0.jpg"]
    assert [each.key for each in choose(images, 1)] == ["49.jpg"]


def test_a_rare_label_and_an_image_without_any_are_shown_beside_a_frequent_one() -> None:
    images = [image(number, ("bee", 99.0)) for number in range(500)] + [image(500, ("wasp", 30.0)), image(501)]

    assert {"500.jpg", "501.jpg"} < {each.key for each in choose(images)}


@pytest.mark.parametrize("size", [(640, 480), (320, 320), (120, 90)])
def test_a_thumbnail_of_noise_is_small_enough_and_has_the_box(size: tuple[int, int]) -> None:
    noise = Image.merge("RGB", [Image.effect_noise(size, 100) for _ in range(3)])

    shown = thumbnail(image(1, ("bee", 99.0)), jpeg(noise))

    assert shown is not None
    assert max(shown.size) == min(320, max(size))
    assert IMAGES * len(shown.data) < 300_000


def test_boxes_are_drawn_where_they_are_and_only_a_few_have_their_names_beside_them() -> None:
    grey = jpeg(Image.new("RGB", (640, 480), (128, 128, 128)))
    few, many = (thumbnail(image(1, *[("bee", 99.0)] * number), grey) for number in (1, 6))
    assert few is not None and many is not None

    bare, named = pixels(many), pixels(few)

    edge = named.getpixel((80, 120)), bare.getpixel((80, 120))
    assert all(is_like(pixel, rgb(colour_of("bee"))) for pixel in edge)
    plate = (84, 57)  # above the box
    assert is_like(bare.getpixel(plate), (128, 128, 128))
    assert not is_like(named.getpixel(plate), (128, 128, 128))


def test_what_is_no_image_has_no_thumbnail_and_no_thumbnail_leaves_the_page_as_it_is() -> None:
    assert thumbnail(image(1), b"no image") is None
    assert with_strip(PAGE, [], 5) == PAGE
    assert with_strip("<p>another page</p>", [Thumbnail(image(1), "", (1, 1))], 5) == "<p>another page</p>"


def test_the_section_stands_before_the_charts_and_escapes_keys_and_labels() -> None:
    hostile = ProcessedImage('<script>"\u202e', "", (Label("<b>", 99.999, BOX),))

    page = with_strip(PAGE, [Thumbnail(hostile, "QUJD", (320, 240))], 1200)

    assert re.search(r'</h1><section class="picture" id="strip">.*</section>\s*<div class="pictures">', page, re.DOTALL)
    assert "The batch has 1,200 results. 1 of them is shown" in page
    assert 'src="data:image/jpeg;base64,QUJD" width="320" height="240"' in page
    assert "<script>" not in page and "\u202e" not in page
    assert "&lt;b&gt; 99.99&nbsp;%" in page
    assert with_strip("<main></main>", [Thumbnail(hostile, "", (1, 1))], 1).endswith("</section>\n</main>")


def test_a_caption_counts_each_label_and_names_the_most_frequent() -> None:
    labels = image(1, ("bee", 51.2), ("bee", 99.97), ("wasp", 100.0), ("fly", 3.0), ("ant", 4.0), ("moth", 5.0)).labels

    said = re.sub(r"<svg.*?</svg> ", "", caption(labels)).replace("&nbsp;", " ")

    assert said == "2 bee, 51.20 % to 99.97 %; wasp 100.00 %; fly 3.00 %; and 2 more labels"
    assert caption([]) == "no label"


def pixels(shown: Thumbnail) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(shown.data))).convert("RGB")


def is_like(found: object, wanted: tuple[int, int, int]) -> bool:
    return isinstance(found, tuple) and all(abs(a - b) <= 40 for a, b in zip(found, wanted, strict=True))
