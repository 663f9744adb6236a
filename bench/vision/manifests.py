"""`python -m bench.vision.manifests`: what `iu-tuner manifest` takes for 250,000 lines, the most in a data set.

With --check the exit code is 1 if rewriting takes more than 20 s or checking more than 40 s of wall time, or either
more than 100 MB.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.tables import markdown

LINES = 250_000
LINE = (
    '{{"source-ref":"s3://sagemaker-remars/datasets/na-bees/500/{0:07}.jpg","bees-500":{{"image_size":[{{"width":640,'
    '"height":480,"depth":3}}],"annotations":[{{"class_id":0,"top":164.60000000000002,"left":138.8,"height":85,'
    '"width":44.8}},{{"class_id":0,"top":12,"left":30,"height":85,"width":44}}]}},"bees-500-metadata":{{"objects":'
    '[{{"confidence":0.93}},{{"confidence":0.09}}],"class-map":{{"0":"bee"}},"type":"groundtruth/object-detection",'
    '"human-annotated":"yes","creation-date":"2022-09-12T09:51:00.148118","job-name":"labeling-job/bees-500"}}}}\n'
)
MAX_SECONDS = {"rewrite": 20.0, "check": 40.0}
MAX_MB = 100.0


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args(arguments)
    rows, is_slow = [], False
    with TemporaryDirectory() as name:
        source, target = Path(name, "in.manifest"), Path(name, "out.manifest")
        with source.open("w", encoding="utf-8") as file:
            file.writelines(LINE.format(number) for number in range(LINES))
        moved = ["--from", "s3://sagemaker-remars/datasets/na-bees/500", "--to", "s3://mine/data/bees/raw"]
        for command in (
            ["rewrite", str(source), *moved, "--out", str(target)],
            ["check", str(target)],
            ["split", str(target), "--test", "20", "--out", name],
            ["to-coco", str(target), "--out", str(Path(name, "out.json"))],
        ):
            wall, processor, peak = measured(["manifest", *command])
            rows.append([command[0], f"{wall:.1f}", f"{processor:.1f}", f"{peak:.0f}"])
            most = MAX_SECONDS.get(command[0])
            is_slow |= most is not None and (wall > most or peak > MAX_MB)
        size = source.stat().st_size / 1e6
    print(markdown([f"{LINES:,} lines, {size:.0f} MB", "wall s", "processor s", "peak MB"], rows))
    return int(chosen.check and is_slow)


def measured(arguments: list[str]) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and the most memory (MB) of one run of the client."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "iu_tuner.cli", *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"iu-tuner {' '.join(arguments)} ended with {child.returncode}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
