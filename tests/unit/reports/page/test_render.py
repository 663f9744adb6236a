"""The page is one file that needs nothing else, however large the run was."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from lambdas.aws.versions import versions
from lambdas.load.counts import StepCounts
from lambdas.load.measured_step import MeasuredStep
from lambdas.reports.page.build import contents
from lambdas.reports.page.render import page
from simulation.samples.report import KINDS, played, sample_contents

REPORT = Path(__file__).parents[4] / "lambdas" / "reports" / "page"
VENDORED = {
    "vendor/chart.umd.min.js": "Chart.js v4.6.1",
    "vendor/chartjs-plugin-annotation.min.js": "chartjs-plugin-annotation v3.1.0",
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_run_has_a_page_of_a_moderate_size(kind) -> None:
    html = page(sample_contents(kind))

    assert html.startswith("<!doctype html>")
    assert "{{" not in html.partition("<script>")[0]
    assert len(html.encode()) < 600_000


def test_a_thousand_workers_make_the_page_no_larger() -> None:
    run, steps, answer = played(KINDS[0])
    few = page(contents(run, steps, answer, {}))
    many_steps = [_with_workers(step, 1000) for step in steps]

    many = page(contents(run, many_steps, answer, {}))

    assert len(many) < len(few) + 2_000


def _with_workers(step: MeasuredStep, number: int) -> MeasuredStep:
    plan = replace(step.counts.plan, workers=number)
    return replace(step, counts=StepCounts(plan, [*step.counts.workers] * number))


def test_the_policy_lets_run_exactly_what_is_inside() -> None:
    html = page(sample_contents(KINDS[0]))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    inline = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)

    allowed = dict(each.split(" ", 1) for each in policy.group(1).split("; "))

    assert allowed["default-src"] == "'none'"
    assert allowed["script-src"].split() == [_hash(script) for script in inline]
    assert allowed["style-src"] == _hash(style)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_nothing_is_fetched_from_elsewhere() -> None:
    html = page(sample_contents(KINDS[0]))

    assert re.findall(r'(?:src|href)="([^"]*)"', html) == ["data:,"]
    assert "sourceMappingURL" not in html


@pytest.mark.parametrize(("file", "version"), VENDORED.items())
def test_a_vendored_library_is_the_one_we_think_and_has_its_licence_beside_it(file: str, version: str) -> None:
    code = (REPORT / file).read_text(encoding="utf-8")

    assert version in code[:300]
    assert "</script" not in code.lower()
    assert "<!--" not in code
    name = {"chart": "chart.js"}.get(file[7:].partition(".")[0], file[7:].partition(".")[0])
    assert "MIT" in (REPORT / "vendor" / f"{name}.LICENSE.md").read_text(encoding="utf-8")


def test_the_data_of_the_charts_is_in_one_block() -> None:
    html = page(sample_contents(next(kind for kind in KINDS if kind.name == "demo")))
    (block,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)

    assert list(json.loads(block)) == ["units", "timeline", "concurrency", "latencies"]


def test_the_versions_are_those_that_run() -> None:
    assert versions()["Inference Unit Tuner"] == metadata.version("inference-unit-tuner")
    assert versions()["Python"] == ".".join(map(str, sys.version_info[:3]))
