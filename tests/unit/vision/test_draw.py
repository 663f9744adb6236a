"""`iu-tuner draw`: which labels are drawn and where, what is said, and the exit code."""

from __future__ import annotations

import json
import math
from itertools import combinations

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from PIL import Image

from iu_tuner.cli.main import main
from iu_tuner.exit_codes import Exit
from iu_tuner.vision.drawing import cores
from iu_tuner.vision.drawing.colours import COLOURS, colour_of, rgb, text_colour
from iu_tuner.vision.drawing.painting import caption_of, rectangle_of
from iu_tuner.vision.formats.labels import Box, Label
from tests.unit.vision.comparing import REAL
from tests.unit.vision.drawn import Looking, answer, edges, is_near

BEES = REAL / "images" / "3898660.jpg"
BEE = (0.34908, 0.36126, 0.17472, 0.23268)  # of the service's documentation, on 500 x 375
PRINTED = json.loads((REAL / "bees-3898660.printed.json").read_text("utf-8"))


def bees() -> dict[str, object]:
    """The 22 printed labels as the service's answer."""
    wide, high = PRINTED["width"], PRINTED["height"]
    return answer(
        *(
            (
                each["name"],
                each["confidence"],
                (each["left"] / wide, each["top"] / high, each["width"] / wide, each["height"] / high),
            )
            for each in PRINTED["labels"]
        )
    )


@pytest.mark.parametrize(("threshold", "number"), [(99.99, 10), (99.98, 15), (99.9, 18), (99.4, 22), (10, 22)])
def test_as_many_bees_are_drawn_as_the_threshold_lets_through(looking: Looking, threshold: float, number: int) -> None:
    results = looking.results({BEES.name: bees()})

    ended = looking("draw", BEES, "--results", results, "--threshold", threshold)

    assert ended.code == Exit.OK
    assert f"{BEES.name}: {number} bee" in ended.out
    assert f"1 image of 1 drawn, {number} labels" in ended.out
    assert ended.image(BEES.name).size == (500, 375)


def test_a_box_is_drawn_where_the_service_said(looking: Looking) -> None:
    first = PRINTED["labels"][0]
    sides = (first["left"] / 500, first["top"] / 375, first["width"] / 500, first["height"] / 375)
    looking.results({BEES.name: answer(("bee", 99.998, sides))}, "printed")
    looking.results({BEES.name: answer(("bee", 99.968, BEE))}, "documented")

    printed = looking("draw", BEES, "--results", looking.folder / "printed").image(BEES.name)
    documented = looking("draw", BEES, "--results", looking.folder / "documented").image(BEES.name)

    assert is_near(edges(printed, "bee", (153, 283)), (120, 252, 120 + 67 - 1, 252 + 63 - 1))
    assert is_near(edges(documented, "bee", (218, 180)), (174.5, 135.5, 174.5 + 87.4 - 1, 135.5 + 87.3 - 1))


def test_eight_orientations_are_the_same_picture_with_the_same_box(looking: Looking) -> None:
    upright = Image.new("RGB", (120, 320), "white")
    upright.paste((200, 0, 0), (72, 32, 108, 96))
    images = looking.folder / "turned"
    images.mkdir()
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that undoes each orientation
    for orientation in range(1, 9):
        stored = upright if orientation == 1 else upright.transpose(Image.Transpose(back[orientation]))
        exif = Image.Exif()
        exif[0x112] = orientation
        stored.save(images / f"{orientation}.jpg", quality=95, exif=exif)
        stored.save(images / f"{orientation}.png", exif=exif)
    names = [path.name for path in images.iterdir()]
    looking.results(dict.fromkeys(names, answer(("red", 99.9, (0.6, 0.1, 0.3, 0.2)))))

    ended = looking("draw", images, "--results", looking.folder / "results")

    for name in names:
        drawn = ended.image(name)
        assert (drawn.size, drawn.getexif().get(0x112)) == ((120, 320), None), name
        assert is_near(edges(drawn, "red", (90, 64)), (72, 32, 107, 95)), name
        assert is_near(drawn.convert("RGB").getpixel((90, 64)), (200, 0, 0), 12), name  # type: ignore[arg-type]


def test_a_result_of_the_stored_picture_is_drawn_on_the_stored_picture(looking: Looking) -> None:
    image = REAL / "images" / "Portrait_6.jpg"
    looking.results({image.name: answer(("bee", 99, BEE))})

    ended = looking("draw", image, "--results", looking.folder / "results", "--exif", "raw")

    drawn = ended.image(image.name)
    assert (drawn.size, drawn.getexif().get(0x112)) == ((1800, 1200), None)


def test_results_are_found_by_key_beside_the_image_and_by_file_name(looking: Looking) -> None:
    folder = looking.folder / "photos"
    for name in ("a/x.png", "b/x.png", "c/y.png", ".hidden/z.png", "._x.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 64)).save(folder / name)
    by_key = looking.results({"in/a/x.png": answer(), "in/b/x.png": answer(("bee", 9, None)), "other/y.png": answer()})
    (folder / "c" / "y.png.json").write_text(json.dumps(answer(("wasp", 9, None))), "utf-8")

    matched = looking("draw", folder, "--results", by_key)
    beside = looking("draw", folder)
    by_name = looking("draw", folder, "--results", looking.results({"x.png": answer()}, "one"))

    assert [line.partition("/out")[2][2:] for line in matched.out.splitlines()[:-1]] == [
        "a/x.png: no label",
        "b/x.png: 1 bee",
        "c/y.png: no label",
    ]
    assert "1 image of 3 drawn, 1 label" in beside.out
    assert "a/x.png: there is no result for it" in beside.err
    assert by_name.code == Exit.ASSERTION
    assert "a/x.png: several images have its file name" in by_name.err


def test_detections_lines_give_the_same_drawing_as_results(looking: Looking) -> None:
    box = dict(zip(("left", "top", "width", "height"), BEE, strict=True))
    line = {"key": f"incoming/{BEES.name}", "labels": [{"name": "bee", "confidence": 99.968, "box": box}]}
    batch = looking.folder / "batch"
    batch.mkdir()
    (batch / "part-1.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    (batch / "manifest.json").write_text("{}", "utf-8")
    results = looking.results({BEES.name: answer(("bee", 99.968, BEE))})

    whole, one = (looking("draw", BEES, "--results", place) for place in (batch, batch / "part-1.jsonl"))
    expected = looking("draw", BEES, "--results", results)

    drawn = (expected.place / BEES.name).read_bytes()
    assert (whole.place / BEES.name).read_bytes() == (one.place / BEES.name).read_bytes() == drawn


def test_each_odd_result_is_a_line_and_the_others_are_drawn(looking: Looking) -> None:
    folder = looking.folder / "photos"
    folder.mkdir()
    for name in ("good", "nan", "text", "negative", "error", "none", "beyond", "outside", "huge"):
        Image.new("RGB", (100, 80)).save(folder / f"{name}.png")
    nan = json.dumps(answer(("bee", 99, (math.nan, 0, 0.1, 0.1))))
    refused = {"Error": {"Code": "InvalidImageFormatException", "Message": "Bad format", "Permanent": True}}
    looking.results(
        {
            "good.png": answer(("bee", 99, BEE)),
            "nan.png": nan,
            "text.png": "{",
            "negative.png": answer(("bee", 99, (0.1, 0.1, -0.5, 0.1))),
            "error.png.error": refused,
            "beyond.png": answer(("bee", 99, (-0.5, 0.5, 2.5, 0.25))),
            "outside.png": answer(("bee", 99, (1.5, 0.5, 0.1, 0.1))),
            "huge.png": '{"CustomLabels": [{"Name": "bee", "Confidence": 1e999}]}',
        }
    )

    ended = looking("draw", folder, "--results", looking.folder / "results")

    lines = {line.partition(":")[0]: line for line in ended.err.splitlines()}
    assert ended.code == Exit.OK
    assert set(lines) == {"nan.png", "text.png", "negative.png", "error.png", "none.png", "outside.png", "huge.png"}
    assert "NaN is no number" in lines["nan.png"]
    assert "at least 0" in lines["negative.png"]
    assert "InvalidImageFormatException: Bad format" in lines["error.png"]
    assert "outside" in lines["outside.png"]
    assert "3 images of 9 drawn" in ended.out
    beyond = ended.image("beyond.png").convert("RGB")
    assert beyond.getpixel((0, 50)) == beyond.getpixel((99, 50)) == rgb(colour_of("bee"))


def test_nothing_drawn_is_a_finding_and_nothing_there_is_an_error(looking: Looking) -> None:
    (looking.folder / "a.jpg").write_text("version https://git-lfs.github.com/spec/v1", "utf-8")
    (looking.folder / "empty").mkdir()
    results = looking.results({"a.jpg": answer()})

    broken = looking("draw", looking.folder / "a.jpg", "--results", results)
    empty = looking("draw", looking.folder / "empty", "--results", results)
    missing = looking("draw", looking.folder / "b.jpg", "--results", results)

    assert (broken.code, empty.code, missing.code) == (Exit.ASSERTION, Exit.USAGE, Exit.USAGE)
    assert broken.err == "a.jpg: it is no JPEG, PNG or WebP image, or its first bytes are broken\n"
    assert "there is no image" in empty.err
    assert "there is no such file or folder" in missing.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--threshold", "101"], "--threshold: got 101; takes 0 to 100"),
        (["--threshold", "nan"], "--threshold: got nan; takes 0 to 100"),
        (["--threshold", "1", "--thresholds", "assumed"], "takes one of them"),
        (["--thresholds", "assumed"], "as the results name no model"),
        (["--model", "x"], "--model: takes --thresholds assumed"),
        (["--font", str(BEES)], "--font: got"),
        (["--results", "nowhere"], "there is no file or folder nowhere"),
    ],
)
def test_a_wrong_option_is_a_sentence(looking: Looking, options: list[str], says: str) -> None:
    ended = looking("draw", BEES, *options)

    assert ended.code == Exit.USAGE
    assert says in " ".join(ended.err.split())


def test_each_label_has_its_own_threshold_in_the_summary_of_a_training(looking: Looking) -> None:
    evaluation = [{"Label": "bee", "Metrics": {"Threshold": 0.9}}, {"Label": "wasp", "Metrics": {"Threshold": 0.5}}]
    summary = looking.folder / "summary.json"
    summary.write_text(json.dumps({"LabelEvaluationResults": evaluation}), "utf-8")
    found = [(name, confidence, None) for name in ("bee", "wasp", "fly") for confidence in (40.0, 60.0, 95.0)]
    results = looking.results({BEES.name: answer(*found)})

    ended = looking("draw", BEES, "--results", results, "--thresholds", summary)
    only = looking("draw", BEES, "--results", results, "--labels", "wasp", "--labels", "moth")

    assert f"{BEES.name}: 1 bee, 3 fly, 2 wasp" in ended.out
    assert "there is no threshold for fly" in ended.err
    assert f"{BEES.name}: 3 wasp" in only.out
    assert '--labels: no result has the label "moth"; they have bee, fly, wasp' in only.err


def test_an_input_is_neither_overwritten_nor_drawn_twice(looking: Looking) -> None:
    folder = looking.folder / "photos"
    folder.mkdir()
    Image.new("RGB", (64, 64)).save(folder / "a.png")
    (folder / "a.png.json").write_text(json.dumps(answer()), "utf-8")
    before = (folder / "a.png").read_bytes()

    over = main(["draw", str(folder / "a.png"), "--out", str(folder)])
    inside = [main(["draw", str(folder), "--out", str(folder / "boxed")]) for _ in range(2)]

    assert (over, inside) == (Exit.ASSERTION, [Exit.OK, Exit.OK])
    assert (folder / "a.png").read_bytes() == before
    assert sorted(path.name for path in folder.rglob("*.png")) == ["a.png", "a.png"]


def test_many_images_are_drawn_by_several_processes_in_order(looking: Looking) -> None:
    folder = looking.folder / "photos"
    folder.mkdir()
    names = [f"{number:02}.png" for number in range(cores.MIN_PARALLEL_IMAGES + 3)]
    for name in names:
        Image.new("RGB", (64, 64)).save(folder / name)
    (folder / names[5]).write_bytes(b"broken")
    looking.results({name: answer(("bee", 99, BEE)) for name in names})

    ended = looking("draw", folder, "--results", looking.folder / "results")

    said = [line.rpartition("/")[2].partition(":")[0] for line in ended.out.splitlines()[:-1]]
    assert said == [name for name in names if name != names[5]]
    assert f"{names[5]}: it is no JPEG" in ended.err


@mock_aws
def test_images_and_results_may_lie_in_s3(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="bees")
    s3.put_object(Bucket="bees", Key="data/raw/a.jpg", Body=BEES.read_bytes())
    s3.put_object(Bucket="bees", Key="data/raw/a.jpg.json", Body=json.dumps(answer(("bee", 99, BEE))))
    s3.put_object(Bucket="bees", Key="data/raw/.DS_Store", Body=b"")
    line = {"key": "data/raw/a.jpg", "labels": [{"name": "wasp", "confidence": 99.968}]}
    s3.put_object(Bucket="bees", Key="batches/1/part-1.jsonl", Body=json.dumps(line))

    beside = looking("draw", "s3://bees/data/")
    batch = looking("draw", "s3://bees/data/raw/a", "--results", "s3://bees/batches/1/")
    nothing = looking("draw", "s3://bees/other/")

    assert "/raw/a.jpg: 1 bee" in beside.out
    assert "/a.jpg: 1 wasp" in batch.out
    assert nothing.code == Exit.USAGE
    assert "s3://bees/other/: there is nothing" in nothing.err


sides = st.floats(-2, 3, allow_nan=False)


@given(sides, sides, st.floats(0, 5), st.floats(0, 5), st.integers(1, 400), st.integers(1, 400))
def test_a_rectangle_lies_inside_or_is_none(
    left: float, top: float, width: float, height: float, columns: int, rows: int
) -> None:
    found = rectangle_of(Box(left, top, width, height, False), (columns, rows))

    if found is None:
        assert left + width <= 1 / columns or top + height <= 1 / rows or left >= 1 - 1 / columns or top >= 1 - 1 / rows
    else:
        assert 0 <= found[0] <= found[2] < columns
        assert 0 <= found[1] <= found[3] < rows


# Machado, Oliveira, Fernandes 2009, severity 1.0: applied to linear RGB.
SIGHTS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_colours_can_be_told_apart_with_any_kind_of_colour_blindness(sight: str) -> None:
    def times(matrix: tuple[tuple[float, ...], ...], vector: list[float]) -> list[float]:
        return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]

    def lab(colour: str) -> tuple[float, float, float]:
        shares = [each / 255 for each in rgb(colour)]
        linear = [each / 12.92 if each < 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares]
        seen = times(XYZ, [min(max(each, 0), 1) for each in times(SIGHTS[sight], linear)])
        ratios = [each / white for each, white in zip(seen, (0.9505, 1, 1.089), strict=True)]
        x, y, z = (each ** (1 / 3) if each > 0.008856 else 7.787 * each + 16 / 116 for each in ratios)
        return 116 * y - 16, 500 * (x - y), 200 * (y - z)

    closest = min(combinations(COLOURS, 2), key=lambda pair: math.dist(*map(lab, pair)))

    assert math.dist(*map(lab, closest)) > 20, closest  # 2.3 is a just noticeable difference


def test_a_label_has_one_colour_and_a_caption_with_its_confidence() -> None:
    assert len({colour_of(f"label {number}") for number in range(200)}) == len(COLOURS) == 12
    assert colour_of("bee") == "#33cc00"  # a stable one: pictures of last year have it, too
    assert (text_colour("#ccff00"), text_colour("#3300ff")) == ("#000000", "#ffffff")
    captions = [caption_of(Label("bee", confidence)) for confidence in (99.968, 99.998, 100, 64)]
    assert captions == ["bee 99.97 %", "bee 99.99 %", "bee 100.00 %", "bee 64.00 %"]
