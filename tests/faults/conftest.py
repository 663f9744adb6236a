"""One deployment for all faults; the rows run side by side, then the tests look at them one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from iu_tuner.contract.model_arn import SERVICES
from tests.faults import report
from tests.faults.observed import Observed
from tests.faults.row import image_keys
from tests.faults.rows import ROWS
from tests.faults.runs import run_all
from tests.support.aws import instrumented_aws
from tests.support.deployment import Deployment, deployed
from tests.support.hostile_images import JPEG

_SEEN = pytest.StashKey[dict[str, Observed]]()
_FIRST = "rekognition"  # the service of the matrix's models
_STARTS_AND_STOPS = re.compile(r"^(StartModel|WaitForStart|ReleaseModel|WaitForRelease|start-|stop)|restore|apply")


def pytest_addoption(parser: pytest.Parser) -> None:
    """With another service than the first, only rows about starts and stops run: they are what services differ in."""
    parser.addoption("--service", default=_FIRST, choices=sorted(SERVICES), help="the service whose models fail")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Select the rows about starts and stops for another service."""
    if config.getoption("--service", _FIRST) == _FIRST:
        return
    names = [getattr(item, "callspec", None) and item.callspec.params.get("name", "") for item in items]  # type: ignore[attr-defined]
    chosen = [bool(name and _STARTS_AND_STOPS.search(name)) and "batch" not in str(name) for name in names]
    config.hook.pytest_deselected(items=[item for item, is_chosen in zip(items, chosen, strict=True) if not is_chosen])
    items[:] = [item for item, is_chosen in zip(items, chosen, strict=True) if is_chosen]


@pytest.fixture(scope="session")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults") / "journal.jsonl"


@pytest.fixture(scope="session")
def deployment(journal: Path) -> Iterator[Deployment]:
    with instrumented_aws(journal) as aws, deployed(aws, "lookoutVisionEndpointUrl") as app:
        for number, key in enumerate(image_keys()):
            body = JPEG + number.to_bytes(4, "big")
            aws.client("s3").put_object(Bucket=app.outputs.image_bucket, Key=key, Body=body)
        yield app


@pytest.fixture(scope="session")
def observed(
    deployment: Deployment, journal: Path, pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> dict[str, Observed]:
    """The rows of the tests that are selected."""
    selected = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    service = pytestconfig.getoption("--service", _FIRST)
    rows = tuple(replace(row, service=service) for row in ROWS if row.name in selected)
    seen = run_all(deployment, rows, journal)
    pytestconfig.stash[_SEEN] = seen
    return seen


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Print the matrix; keep it where every test has passed."""
    if (seen := config.stash.get(_SEEN, None)) is None:
        return
    terminalreporter.write_line(report.measured(seen))
    if exitstatus == pytest.ExitCode.OK and len(seen) == len(ROWS):
        report.write(ROWS)
