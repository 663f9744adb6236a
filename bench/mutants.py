"""`python -m bench.mutants`: does a changed line of the core fail a test? Writes the share into docs/testing.md.

Each mutant has one operator, constant or condition of one file changed. A process of its own imports the changed file
and runs the unit tests of its package, the quickest first; no file on disk is touched. The sample is seeded.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.machinery
import multiprocessing
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from multiprocessing.connection import wait
from random import Random
from typing import Any

import pytest

from bench.mutations import REPOSITORY, Mutant, mutated, possible
from bench.tables import markdown

DOCUMENT = REPOSITORY / "docs" / "testing.md"
BEGIN, END = "<!-- mutants: written by `make mutants` -->", "<!-- the end of the mutants -->"
PACKAGES = ("capacity", "planning")
MAX_CPU_S = 240  # of one mutant: several times what the tests take; a loop without an end is noticed, too
_OWN = ("lambdas", "iu_tuner", "simulation", "tests", "infra", "local", "conftest")


class _Seconds:
    """Plugins of pytest: how long each test takes, and an order by that."""

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        self.of_test = defaultdict(float, known or {})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.of_test[report.nodeid] += report.duration

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self.of_test[item.nodeid])


def seconds_of_tests(package: str) -> dict[str, float]:
    """The seconds of each test of the unchanged package. Raises RuntimeError if one fails."""
    seconds = _Seconds()
    if code := _pytest(package, seconds):
        raise RuntimeError(f"the tests of {package} fail without any change: pytest ended with {code}")
    return seconds.of_test


def _run(mutant: Mutant, package: str, seconds: Mapping[str, float]) -> None:
    """In a process of its own: the tests, with the changed file in place of the one on disk."""
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))
    code, read = compile(mutated(mutant), str(mutant.file), "exec"), importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> Any:
        return code if loader.path == str(mutant.file) else read(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]
    os._exit(_pytest(package, _Seconds(seconds)))


def _pytest(package: str, plugin: _Seconds) -> int:
    tests = REPOSITORY / "tests" / "unit" / package
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        return int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", str(tests)], plugins=[plugin]))


def survivors(
    package: str, sample: Sequence[Mutant], jobs: int, until: float, seconds: Mapping[str, float]
) -> tuple[int, list[Mutant]]:
    """How many were run before the time was up, and those of them that no test noticed."""
    for name in [name for name in sys.modules if name.split(".")[0] in _OWN]:
        del sys.modules[name]
    fork, waiting, ran = multiprocessing.get_context("fork"), list(reversed(sample)), 0
    running: dict[Any, tuple[Any, Mutant]] = {}
    unnoticed = []
    while running or (waiting and time.monotonic() < until):
        while waiting and len(running) < jobs and time.monotonic() < until:
            mutant = waiting.pop()
            process = fork.Process(target=_run, args=(mutant, package, seconds))
            process.start()
            running[process.sentinel] = process, mutant
        for sentinel in wait(list(running)):
            process, mutant = running.pop(sentinel)
            process.join()
            ran += 1
            if process.exitcode == 0:
                unnoticed.append(mutant)
                print(f"not noticed: {mutant.change}", flush=True)
    return ran, unnoticed


def write(counts: Sequence[tuple[str, int, int, int]], seed: int) -> None:
    """Write the table. `counts` are a package's mutants: how many are possible, were tried, and were not noticed."""
    header = ("package", "possible changes", "tried", "not noticed", "noticed %")
    rows = [
        (f"`lambdas/{package}`", *map(str, numbers), f"{100 * (1 - numbers[2] / max(1, numbers[1])):.1f}")
        for package, *numbers in counts
    ]
    before, rest = DOCUMENT.read_text("utf-8").split(BEGIN)
    block = f"The sample of seed {seed}:\n\n{markdown(header, rows)}"
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{block}\n\n{END}{rest.split(END)[1]}", "utf-8")
    print(block)


def main() -> int:
    """Run the sample of each package; exit code 0 even below the goal, as a mutant may be no change at all."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutants", description=__doc__)
    parser.add_argument("packages", nargs="*", default=PACKAGES, metavar="PACKAGE", help="of lambdas/")
    parser.add_argument("--sample", type=int, default=100, metavar="N", help="mutants of each package")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--max-minutes", type=float, default=60.0)
    chosen = parser.parse_args()
    counts, until = [], time.monotonic() + 60 * chosen.max_minutes
    for package in chosen.packages:
        every = possible(package)
        sample = Random(chosen.seed).sample(every, min(len(every), chosen.sample))
        ran, unnoticed = survivors(package, sample, chosen.jobs, until, seconds_of_tests(package))
        counts.append((package, len(every), ran, len(unnoticed)))
    write(counts, chosen.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
