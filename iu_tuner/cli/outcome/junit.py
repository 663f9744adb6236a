"""A run as JUnit XML, as CI systems read it: one test case for the run, and one per assertion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from iu_tuner.cli.outcome.assertions import AssertionResult

SUITE = "inference-unit-tuner"
# XML 1.0 can't represent these characters, not even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class JUnitCase:
    """A run as a test case. `error` is the name of the error of a run without an answer, and a sentence about it."""

    name: str
    seconds: float
    sentence: str
    error: tuple[str, str] | None = None
    skipped: bool = False


def write_junit(path: Path, run: JUnitCase, assertions: Sequence[str], results: Sequence[AssertionResult]) -> None:
    """Write the file. Without an answer all assertions count as skipped. Raises OSError."""
    suite = ElementTree.Element("testsuite", name=SUITE, time=f"{run.seconds:.1f}")
    _run_case(suite, run)
    by_text = {each.assertion: each for each in results}
    for text in assertions:
        case = _case(suite, text, f"{SUITE}.assertions", 0.0)
        if (result := by_text.get(text)) is None:
            ElementTree.SubElement(case, "skipped", message="the run has no answer")
        elif not result.holds:
            _problem(case, "failure", "AssertionError", f"{text} does not hold: {result.sentence}")
    cases = suite.findall("testcase")
    totals = {"tests": len(cases)}
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        totals[name] = sum(case.find(tag) is not None for case in cases)
    root = ElementTree.Element("testsuites", name=SUITE, time=suite.attrib["time"])
    for element in (suite, root):
        element.attrib.update({name: str(total) for name, total in totals.items()})
    root.append(suite)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _run_case(suite: ElementTree.Element, run: JUnitCase) -> None:
    case = _case(suite, f"run {run.name}", f"{SUITE}.run", run.seconds)
    if run.error is not None:
        _problem(case, "error", *run.error)
    if run.skipped:
        ElementTree.SubElement(case, "skipped", message=_writable(run.sentence))
    ElementTree.SubElement(case, "system-out").text = _writable(run.sentence)


def _case(suite: ElementTree.Element, name: str, group: str, seconds: float) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", name=_writable(name), classname=group, time=f"{seconds:.1f}")


def _problem(case: ElementTree.Element, tag: str, kind: str, sentence: str) -> None:
    problem = ElementTree.SubElement(case, tag, type=_writable(kind), message=_writable(sentence))
    problem.text = _writable(sentence)


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
