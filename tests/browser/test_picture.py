"""The README's picture shows the report as it is now."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.picture import COLOURS, PICTURE, SCALE, SOURCE, WIDTH, fingerprint, source, take

MAX_BYTES = 200_000
AS_HIGH = 0.1  # of the height, which differs with the fonts of a machine


def test_the_picture_of_the_report_is_current(browser: Browser, tmp_path: Path) -> None:
    take(browser, tmp_path / "now.png")

    with Image.open(PICTURE) as kept, Image.open(tmp_path / "now.png") as now:
        assert kept.info[SOURCE] == now.info[SOURCE] == fingerprint(source()), "run `make picture`"
        assert kept.width == now.width == WIDTH * SCALE
        assert kept.height == pytest.approx(now.height, rel=AS_HIGH)
        assert len(now.getcolors(maxcolors=COLOURS) or ()) > COLOURS / 2
    assert PICTURE.stat().st_size < MAX_BYTES


def test_another_report_has_another_fingerprint() -> None:
    html = source()

    assert fingerprint(html.replace("5.00 requests/s", "6.00 requests/s")) != fingerprint(html)
