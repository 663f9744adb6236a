"""`python -m bench.vision.speed`: what `iu-tuner compare` takes for 5,000 images with 20 objects each, and two models.

With --check the exit code is 1 if it takes more than 15 s or 500 MB.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.tables import markdown
from tests.support.detection_worlds import Model, predictions, truth

IMAGES, OBJECTS = 5000, 20.0
MAX_SECONDS, MAX_MB = 15.0, 500.0
MODELS = {"A": Model(found=0.8, invented=4.0), "B": Model(found=0.6, invented=8.0)}


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "iu_tuner.cli", "compare", "--truth", _written(folder / "truth.json")]
        for model in MODELS:
            command += ["--predictions", f"{model}={folder / model}.json"]
        started = time.perf_counter()
        subprocess.run([*command, "--out", str(folder / "out")], check=True)
        wall = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(markdown(["wall s", "processor s", "peak MB"], [[f"{wall:.1f}", f"{processor:.1f}", f"{peak:.0f}"]]))
    return int(chosen.check and (wall > MAX_SECONDS or peak > MAX_MB))


def _written(path: Path) -> str:
    data = truth(IMAGES, 1, OBJECTS, ("bee", "wasp"))
    path.write_text(json.dumps(data), "utf-8")
    for number, (name, model) in enumerate(MODELS.items()):
        (path.parent / f"{name}.json").write_text(json.dumps(predictions(data, model, number)), "utf-8")
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
