"""Image files of every kind, as public repositories have them: drawn as a viewer shows them, or one line each."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from iu_tuner.exit_codes import Exit
from iu_tuner.vision.drawing.anomalies import anomalies_of
from iu_tuner.vision.drawing.painting import MASK_SHARE
from iu_tuner.vision.drawing.picture import MAX_SIDE, PictureError, open_picture
from iu_tuner.vision.formats.read import read_truth
from iu_tuner.vision.formats.sources import Source
from tests.unit.vision.comparing import REAL
from tests.unit.vision.drawn import Ended, Looking, answer, edges, is_near

IMAGES = REAL / "images"
BROKEN = ("broken_data_stream.png", "png_decompression_dos.png", "xd9n2c08.png")
NAMES = sorted(path.name for path in IMAGES.iterdir())


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Looking], Ended]:
    """All real images drawn once, with no label, for the tests that look at them."""
    place = tmp_path_factory.mktemp("everything")
    drawn: list[Ended] = []

    def draw(looking: Looking) -> Ended:
        if not drawn:
            looking.folder = place
            drawn.append(looking("draw", IMAGES, "--results", looking.results(dict.fromkeys(NAMES, answer()))))
        return drawn[0]

    return draw


Everything = Callable[[Looking], Ended]


def test_every_image_is_drawn_or_a_line(looking: Looking, everything: Everything) -> None:
    ended = everything(looking)

    assert ended.code == Exit.OK
    assert sorted(line.partition(":")[0] for line in ended.err.splitlines()) == list(BROKEN)
    assert f"{len(NAMES) - len(BROKEN)} images of {len(NAMES)} drawn" in ended.out
    for path in ended.place.iterdir():
        with Image.open(path) as image:
            assert (image.format in ("JPEG", "PNG"), dict(image.getexif())) == (True, {}), path.name


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("3898660.jpg", (500, 375)),
        ("img_1.jpg", (256, 256)),
        ("dog-human.jpg", (640, 962)),
        ("Portrait_6.jpg", (1200, 1800)),
        ("Portrait_8.jpg", (1200, 1800)),
        ("exif2c08.png", (32, 32)),
        ("apng-dispose_op_previous.png", (128, 64)),
        ("sugarshack.mpo.jpg", (640, 480)),
        ("hopper_orientation_6.webp.png", (128, 128)),
        ("exif-dpi-zerodivision.jpg", (200, 200)),
        ("empty_gps_ifd.jpg", (10, 10)),
        ("pil123p.png", (162, 150)),
        ("basn3p02.png", (32, 32)),
    ],
)
def test_an_image_keeps_its_size_as_a_viewer_shows_it(
    looking: Looking, everything: Everything, name: str, size: tuple[int, int]
) -> None:
    assert everything(looking).image(name).size == size


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Portrait_6.jpg", "Portrait_8.jpg"),
        ("hopper_orientation_3.jpg", "hopper_orientation_6.jpg"),
        ("hopper_orientation_3.jpg", "hopper_orientation_8.jpg"),
        ("hopper_orientation_3.jpg", "hopper_orientation_6.webp.png"),
    ],
)
def test_pictures_that_are_stored_turned_are_the_same_picture(
    looking: Looking, everything: Everything, name: str, other: str
) -> None:
    # The number on the portraits and the coding differ, so a mean difference is compared with that of a turned picture.
    one, two = (everything(looking).image(each) for each in (name, other))

    turned = two.transpose(Image.Transpose.ROTATE_180)

    assert _difference(one, two) < 0.25 * _difference(one, turned)


def test_a_png_is_turned_as_its_text_chunk_says(looking: Looking, everything: Everything) -> None:
    name = "exif_imagemagick_orientation.png"
    with Image.open(IMAGES / name) as stored:
        upright = stored.convert("RGB").transpose(Image.Transpose.ROTATE_180)

    assert _difference(everything(looking).image(name), upright) == 0


@pytest.mark.parametrize(
    ("name", "place", "colour"),
    [
        ("pil_sample_cmyk.jpg", (5, 2), (255, 0, 0)),  # not inverted: the corner is red
        ("pil_sample_cmyk.jpg", (50, 90), (0, 0, 0)),
        ("i_trns.png", (63, 63), (1, 1, 1)),  # nearly black, as 255 of 65535 is
        ("apng-dispose_op_previous.png", (64, 32), (255, 0, 0)),  # the first frame
        ("pil123p.png", (1, 75), (255, 255, 255)),  # white, where nothing is
    ],
)
def test_a_picture_has_the_colours_that_a_viewer_shows(
    looking: Looking, everything: Everything, name: str, place: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    found = everything(looking).image(name).convert("RGB").getpixel(place)

    assert isinstance(found, tuple)
    assert is_near(found, colour, 30)


def test_16_bits_are_scaled(looking: Looking) -> None:
    image = Image.new("I;16", (4, 1))
    for x, value in enumerate((0, 257, 32896, 65535)):
        image.putpixel((x, 0), value)
    image.save(looking.folder / "deep.png")

    seen = open_picture(looking.folder / "deep.png").image

    assert [seen.getpixel((x, 0)) for x in range(4)] == [(each,) * 3 for each in (0, 1, 128, 255)]


def test_the_first_picture_of_two_is_drawn_also_under_the_name_of_a_jpeg(looking: Looking) -> None:
    renamed = looking.folder / "camera.jpg"
    renamed.write_bytes((IMAGES / "sugarshack.mpo").read_bytes())
    with Image.open(IMAGES / "sugarshack.mpo") as image:
        first = image.convert("RGB")
        image.seek(1)
        second = image.convert("RGB")

    seen = open_picture(renamed).image

    assert _difference(seen, first) == 0 < _difference(seen, second)


@pytest.mark.parametrize("length", [20, 200, 5000])
def test_a_cut_off_file_is_a_sentence(looking: Looking, length: int) -> None:
    cut = looking.folder / "cut.jpg"
    cut.write_bytes((IMAGES / "img_1.jpg").read_bytes()[:length])

    with pytest.raises(PictureError, match="it "):
        open_picture(cut)


@pytest.mark.parametrize("size", [(MAX_SIDE + 1, 1), (30_000, 30_000)])
def test_an_image_beyond_the_limit_is_not_decoded(looking: Looking, size: tuple[int, int]) -> None:
    bomb = looking.folder / "bomb.png"
    Image.new("1", (8, 8)).save(bomb)
    data = bytearray(bomb.read_bytes())
    data[16:24] = size[0].to_bytes(4) + size[1].to_bytes(4)
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4)
    bomb.write_bytes(data)

    with pytest.raises(PictureError, match=r"the limit (is|of) 4096 x 4096"):
        open_picture(bomb)


def test_boxes_of_a_coco_set_are_drawn_around_its_shapes(looking: Looking) -> None:
    truth = read_truth(Source(REAL / "shapes-truth.json", "coco"))
    answers = {
        Path(image.key).name: answer(
            *(
                (each.name, 99, (each.box.left / 256, each.box.top / 256, each.box.width / 256, each.box.height / 256))
                for each in image.labels
                if each.box
            )
        )
        for image in truth.images
    }

    ended = looking("draw", *(IMAGES / name for name in answers), "--results", looking.results(answers))

    assert "3 images of 3 drawn, 9 labels" in ended.out
    heart = next(each for each in truth.images[0].labels if each.name == "heart")
    assert heart.box is not None
    left, top, width, height = heart.box.left, heart.box.top, heart.box.width, heart.box.height
    found = edges(
        ended.image(Path(truth.images[0].key).name), "heart", (round(left + width / 2), round(top + height / 2))
    )
    assert is_near(found, (left, top, left + width - 1, top + height - 1))


def test_a_response_of_the_service_is_drawn_as_it_is(looking: Looking) -> None:
    fields = json.loads((REAL / "rekognition-fields.json").read_text("utf-8"))
    results = looking.results({"dog-human.jpg": fields})

    counts = {at: looking("draw", IMAGES / "dog-human.jpg", "--results", results, "--threshold", at) for at in (80, 50)}

    assert ", 9 labels" in counts[80].out
    assert ", 23 labels" in counts[50].out


def test_labels_of_the_whole_image_are_a_strip_at_its_bottom(looking: Looking) -> None:
    results = looking.results({"Portrait_6.jpg": answer(("MyLogo", 77.7729721069336, None))})
    with Image.open(IMAGES / "Portrait_6.jpg") as stored:
        upright = stored.transpose(Image.Transpose.ROTATE_270)

    drawn = looking("draw", IMAGES / "Portrait_6.jpg", "--results", results).image("Portrait_6.jpg")

    bottom, rest = (0, 1740, 1200, 1800), (0, 0, 1200, 1700)
    assert _mean(drawn.crop(bottom)) < 0.6 * _mean(upright.crop(bottom))
    assert _difference(drawn.crop(rest), upright.crop(rest)) < 3


def lookout(mask: Image.Image | None, *, is_anomalous: bool = True) -> dict[str, Any]:
    """An answer of DetectAnomalies, with a mask as the service sends one."""
    kinds = [("background", 0.98, "#FFFFFF"), *([("cracked", 0.0181, "#23A436")] if is_anomalous else [])]
    found = {
        "Source": {"Type": "direct"},
        "IsAnomalous": is_anomalous,
        "Confidence": 0.98398 if is_anomalous else 0.99164,
        "Anomalies": [
            {"Name": name, "PixelAnomaly": {"TotalPercentageArea": area, "Color": colour}}
            for name, area, colour in kinds
        ],
    }
    if mask is not None:
        buffer = BytesIO()
        mask.save(buffer, "PNG")
        found["AnomalyMask"] = base64.b64encode(buffer.getvalue()).decode()
    return {"DetectAnomalyResult": found}


def rgba_mask(size: tuple[int, int] = (60, 80)) -> Image.Image:
    """Transparent black, with 10 x 10 opaque pixels and shades of alpha around them, as published masks are."""
    mask = Image.new("RGBA", size, (0, 0, 0, 0))
    mask.paste((0x23, 0xA4, 0x36, 120), (8, 8, 22, 22))
    mask.paste((0x23, 0xA4, 0x36, 255), (10, 10, 20, 20))
    return mask


def white_mask() -> Image.Image:
    """The same without alpha, on white, as the service's guide says."""
    mask = Image.new("RGB", (60, 80), "white")
    mask.paste((0x23, 0xA4, 0x36), (10, 10, 20, 20))
    return mask


@pytest.mark.parametrize(
    "mask",
    [rgba_mask(), rgba_mask().quantize(method=Image.Quantize.FASTOCTREE), white_mask()],
    ids=["rgba", "p", "rgb"],
)
def test_only_the_opaque_pixels_of_a_mask_are_blended(looking: Looking, mask: Image.Image) -> None:
    Image.new("RGB", (60, 80), (200, 200, 200)).save(looking.folder / "board.png")

    ended = looking("draw", looking.folder / "board.png", "--results", looking.results({"board.png": lookout(mask)}))

    drawn = ended.image("board.png").crop((0, 0, 60, 40)).convert("RGB")  # above the strip
    half = tuple(round(MASK_SHARE * each + (1 - MASK_SHARE) * 200) for each in (0x23, 0xA4, 0x36))
    found = {colour: number for number, colour in drawn.getcolors() or () if isinstance(colour, tuple)}
    assert sum(found.values()) - found[(200, 200, 200)] == 100
    assert all(is_near(colour, half, 3) for colour in found if colour != (200, 200, 200))
    assert "board.png: 1 anomaly" in ended.out


def test_a_mask_may_lie_beside_its_result_and_a_normal_image_has_a_caption(looking: Looking) -> None:
    for name in ("bad.png", "good.png"):
        Image.new("RGB", (60, 80), (200, 200, 200)).save(looking.folder / name)
    white = Image.new("RGB", (60, 80), "white")
    results = looking.results({"bad.png": lookout(None), "good.png": lookout(white, is_anomalous=False)})
    rgba_mask((120, 160)).save(results / "bad.png.mask.png")

    ended = looking("draw", looking.folder / "bad.png", looking.folder / "good.png", "--results", results)

    assert ("1 anomaly" in ended.out, "1 normal" in ended.out) == (True, True)
    bad = ended.image("bad.png")
    assert bad.getpixel((6, 6)) != (200, 200, 200) == bad.getpixel((3, 3))
    assert ended.image("good.png").crop((0, 0, 60, 40)).getcolors() == [(60 * 40, (200, 200, 200))]


def test_a_mask_that_is_cut_off_is_a_sentence_and_the_caption_is_drawn(looking: Looking) -> None:
    Image.new("RGB", (60, 80), (200, 200, 200)).save(looking.folder / "board.png")
    cut = lookout(None)
    cut["DetectAnomalyResult"]["AnomalyMask"] = "iVBORw0KGgoAAAANSUhEUgAAAkAAAAMACA......"

    ended = looking("draw", looking.folder / "board.png", "--results", looking.results({"board.png": cut}))

    assert ended.err.startswith("board.png: its anomaly mask can't be decoded")
    assert "1 anomaly" in ended.out
    assert _mean(ended.image("board.png").crop((0, 68, 60, 80))) < 150


def test_an_answer_without_kinds_has_no_anomalies() -> None:
    assert anomalies_of({"DetectAnomalyResult": {"IsAnomalous": True, "Confidence": 0.99969}}) is None
    assert anomalies_of(answer()) is None


def _difference(one: Image.Image, two: Image.Image) -> float:
    return _mean(ImageChops.difference(one.convert("RGB"), two.convert("RGB")))


def _mean(image: Image.Image) -> float:
    means = ImageStat.Stat(image.convert("RGB")).mean
    return sum(means) / len(means)
