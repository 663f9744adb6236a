"""The page of a comparison in the browser: offline, accessible, wide and narrow, and its cells open their images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from iu_tuner.cli.main import main
from tests.browser.conftest import DESK, PHONE, Opened
from tests.browser.test_report import AXE
from tests.support.detection_worlds import Model, predictions, truth

MODELS = {"Custom Labels": Model(found=0.8, invented=0.2), "<b>own": Model(found=0.5, grow=1.3, misnamed=0.2)}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison of two models, one with a hostile name, with an image file."""
    folder = tmp_path_factory.mktemp("comparison")
    data = truth(40, 1, 3.0, ("bee", "wasp"))
    (folder / "truth.json").write_text(json.dumps(data), "utf-8")
    (folder / "images").mkdir()
    for each in data["images"]:
        Image.new("RGB", (64, 64), "gray").save(folder / "images" / each["file_name"])
    command = ["compare", "--truth", str(folder / "truth.json"), "--images", str(folder / "images")]
    for number, (name, model) in enumerate(MODELS.items()):
        file = folder / f"{number}.json"
        file.write_text(json.dumps(predictions(data, model, number)), "utf-8")
        command += ["--predictions", f"{name}={file}", "--price-per-hour", f"{name}=1", "--tps", f"{name}=2"]
    assert main([*command, "--out", str(folder / "out")]) == 0
    return folder / "out" / "compare.html"


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_comparison_is_accessible_and_fits_the_screen(tab: Opened, page: Path, width: int) -> None:
    tab.load(page, width=width)

    assert tab.complaints == []
    assert tab.tab.evaluate("() => document.documentElement.scrollWidth") <= width
    tab.tab.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    tab.tab.evaluate(AXE.read_text(encoding="utf-8"))
    found = tab.tab.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == []
    assert {"color-contrast", "svg-img-alt"} <= {each["id"] for each in found["passes"]}


def test_a_cell_of_the_confusion_table_opens_its_images_by_keyboard(tab: Opened, page: Path) -> None:
    tab.load(page, width=DESK)
    link = tab.tab.locator("td a").first
    cell = tab.tab.locator(link.get_attribute("href") or "")
    assert not cell.is_visible()

    link.focus()
    tab.tab.keyboard.press("Enter")

    assert cell.is_visible()
    assert cell.locator("svg").count() > 0
    assert tab.tab.locator("h1").inner_text().startswith("Custom Labels finds more")
    assert tab.tab.locator("b", has_text="own").count() == 0
