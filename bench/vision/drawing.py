"""`python -m bench.vision.drawing`: images a second that `iu-tuner draw` draws on one core, by their size.

The images are photographs of noise over gradients with ten boxes each, read and written as JPEG. With --check the
exit code is 1 if one size is slower than its bar.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from bench.tables import markdown
from iu_tuner.vision.drawing.job import Job, draw
from iu_tuner.vision.formats.labels import Box, Label

BARS = {(500, 375): 100.0, (1920, 1080): 25.0, (4000, 3000): 5.0}  # size in pixels: images a second
BOXES = 10


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="processor time for each size")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        rates = {size: rate(Path(name), size, chosen.seconds) for size in BARS}
    rows = [[f"{size[0]} x {size[1]}", f"{rates[size]:.1f}", f"{bar:g}"] for size, bar in BARS.items()]
    print(markdown(["pixels", "images/s on one core", "bar"], rows))
    return int(chosen.check and any(rates[size] < bar for size, bar in BARS.items()))


def rate(folder: Path, size: tuple[int, int], seconds: float) -> float:
    """Images of a size drawn per second of processor time."""
    path = folder / f"{size[0]}.jpg"
    noise = Image.effect_noise((size[0] // 8, size[1] // 8), 60).resize(size)
    ramp = Image.linear_gradient("L").resize(size)
    Image.merge("RGB", (noise, ramp, Image.blend(noise, ramp, 0.5))).save(path, quality=90)
    labels = tuple(Label("bee", 90 + n / 2, Box(0.08 * n, 0.07 * n, 0.2, 0.2, False)) for n in range(BOXES))
    job = Job(path.name, path, folder / "out.jpg", labels)
    draw(job)
    started, images = time.process_time(), 0
    while (spent := time.process_time() - started) < seconds:
        images += bool(draw(job).out)
    return images / spent


if __name__ == "__main__":
    sys.exit(main())
