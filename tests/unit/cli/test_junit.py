"""JUnit XML, read back as a CI system does."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.cli.outcome.assertions import AssertionResult
from iu_tuner.cli.outcome.junit import JUnitCase, write_junit

HELD = AssertionResult("verdict==ok", True, 'verdict is "ok"')
MISSED = AssertionResult("tpsPerInferenceUnit>=6", False, "tpsPerInferenceUnit is 5.0")
HOSTILE = "]]><failure/>&amp;\"'<!-- \x00\x1b[31m\x0b\ud800\uffff é 🐝"


def written(
    tmp_path: Path, outcome: JUnitCase, checked: list[AssertionResult], asked: list[str] | None = None
) -> ElementTree.Element:
    path = tmp_path / "junit.xml"
    write_junit(path, outcome, [each.assertion for each in checked] if asked is None else asked, checked)
    return ElementTree.parse(path).getroot()


def totals(element: ElementTree.Element) -> dict[str, int]:
    return {name: int(element.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}


def test_one_case_for_the_run_and_one_per_assertion(tmp_path: Path) -> None:
    root = written(tmp_path, JUnitCase("monday", 61.24, "five per second"), [HELD, MISSED])

    (suite,) = root
    names = [case.attrib["name"] for case in suite.findall("testcase")]
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    assert names == ["run monday", HELD.assertion, MISSED.assertion]
    assert totals(root) == totals(suite) == {"tests": 3, "failures": 1, "errors": 0, "skipped": 0}
    failure = suite.findall("testcase")[2].find("failure")
    assert failure is not None
    assert "tpsPerInferenceUnit is 5.0" in failure.attrib["message"]
    assert suite.findall("testcase")[0].attrib["time"] == "61.2"


def test_of_a_failed_run_no_assertion_was_checked(tmp_path: Path) -> None:
    outcome = JUnitCase("monday", 5, "", error=("ModelNotFound", "there is no such model"))

    root = written(tmp_path, outcome, [], asked=["verdict==ok"])

    assert totals(root) == {"tests": 2, "failures": 0, "errors": 1, "skipped": 1}
    error = root.find(".//error")
    assert error is not None
    assert error.attrib == {"type": "ModelNotFound", "message": "there is no such model"}


def test_a_skipped_run_is_a_skipped_case(tmp_path: Path) -> None:
    root = written(tmp_path, JUnitCase("monday", 5, "another run", skipped=True), [], asked=["verdict==ok"])

    assert totals(root) == {"tests": 2, "failures": 0, "errors": 0, "skipped": 2}


@pytest.mark.parametrize("trouble", [True, False])
def test_hostile_text_stays_text(tmp_path: Path, trouble: bool) -> None:
    outcome = JUnitCase(HOSTILE, 1, HOSTILE, error=(HOSTILE, HOSTILE) if trouble else None)

    root = written(tmp_path, outcome, [AssertionResult(HOSTILE, False, HOSTILE)])

    assert len(root.findall(".//failure")) == 1
    assert len(root.findall(".//error")) == trouble
    told = root.findall(".//testcase")[0].attrib["name"]
    assert told.startswith("run ]]><failure/>&amp;\"'<!-- \ufffd\ufffd[31m\ufffd\ufffd\ufffd é 🐝")


@given(text=st.text(st.characters(), max_size=40))
def test_whatever_is_told_can_be_read_back(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()

    root = written(folder, JUnitCase(text, 1, text, error=(text, text)), [AssertionResult(text, False, text)])

    assert totals(root)["tests"] == 2
