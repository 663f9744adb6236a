"""`python -m tests.browser.picture docs/report.png`: the README's picture, which is the top of the demo's report.

The fingerprint of the page in the PNG says whether the picture is current.
"""

from __future__ import annotations

import hashlib
import io
import sys
from dataclasses import replace
from pathlib import Path

from PIL import Image, PngImagePlugin
from playwright.sync_api import Browser, sync_playwright

from lambdas.reports.page.render import page
from simulation.samples.report import KINDS, sample_contents
from tests.browser.chromium import arguments, chromium

PICTURE = Path(__file__).parents[2] / "docs" / "report.png"
WIDTH = 960  # CSS pixels: the width of a README
SCALE = 1.5  # pixels of the picture for each of them
SHOWN = "timeline"
COLOURS = 256
SOURCE = "source"  # the PNG's text with the hash of the page that it shows


def source() -> str:
    """The HTML of the page: the first screen of the demo's report, and the picture of its whole run."""
    report = sample_contents(next(kind for kind in KINDS if kind.name == "demo"))
    pictures = [each for each in report.pictures if each.name == SHOWN]
    return page(replace(report, summary=replace(report.summary, reasons=()), pictures=pictures, tables=()))


def fingerprint(html: str) -> str:
    """The hash of a page. Fonts, and so the picture's bytes, differ between machines; the page does not."""
    return hashlib.sha256(html.encode()).hexdigest()


def take(browser: Browser, path: Path) -> None:
    """Render the page, and write its picture as a PNG that names its source."""
    html = source()
    context = browser.new_context(offline=True, viewport={"width": WIDTH, "height": 900}, device_scale_factor=SCALE)
    try:
        tab = context.new_page()
        tab.set_content(html)
        height = tab.evaluate("() => document.querySelector('.pictures').getBoundingClientRect().bottom")
        shot = tab.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
    finally:
        context.close()
    told = PngImagePlugin.PngInfo()
    told.add_text(SOURCE, fingerprint(html))
    # This method keeps rare colours, such as those of lines.
    few = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
    few.save(path, optimize=True, pnginfo=told)


def main() -> None:
    """Write the picture to the path of the first argument."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=arguments())
        take(browser, Path(sys.argv[1]))
        browser.close()


if __name__ == "__main__":
    main()
