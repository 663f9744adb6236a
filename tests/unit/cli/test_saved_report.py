"""`--report FILE`: the page of a run on this machine; that of a batch with pictures of its images."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from iu_tuner.cli.aws import stack
from iu_tuner.cli.aws.s3 import saved_report
from iu_tuner.cli.aws.s3.saved_report import RunReport
from iu_tuner.cli.main import main
from iu_tuner.cli.session import polling
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.exit_codes import Exit
from lambdas.models.lease import Lease
from lambdas.reports.page.render import page
from lambdas.tuning.output import skipped
from local.sample_images import sample_images
from simulation.samples.batch import batch_page, ended_batch
from simulation.samples.run import sample_output
from tests.unit.cli.aws_stub import MODEL, OUTPUTS, Aws

BOX = {"left": 0.1, "top": 0.1, "width": 0.3, "height": 0.3}
BATCH = {**to_json(ended_batch("complete")), "runId": "run-1", "manifestUri": "s3://images/batches/run-1/manifest.json"}


@cache
def images() -> dict[str, bytes]:
    return sample_images(3)


@pytest.fixture
def s3() -> Iterator[Any]:
    """A bucket with a batch of three images, one of which has changed since, and its page."""
    with mock_aws():
        client = boto3.client("s3", "eu-west-1")
        client.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        lines = []
        for number, (name, content) in enumerate(images().items()):
            tag = client.put_object(Bucket="images", Key=f"incoming/{name}", Body=content)["ETag"].strip('"')
            labels = [{"name": "bee", "confidence": 90.0 + number, "box": BOX}]
            line = {"key": f"incoming/{name}", "eTag": tag, "versionId": None, "size": 1, "labels": labels}
            lines.append({**line, "ms": 1, "attempts": 1, "at": "2026-11-21T06:00:00Z"})
        client.put_object(Bucket="images", Key=lines[2]["key"], Body=next(iter(images().values())))
        parts = {"batches/run-1/part-000000.jsonl": lines[:1], "batches/run-1/part-000001.jsonl": lines[1:]}
        for key, some in parts.items():
            client.put_object(Bucket="images", Key=key, Body="".join(f"{json.dumps(line)}\n" for line in some))
        manifest = {"parts": [{"key": key, "lines": len(some)} for key, some in parts.items()]}
        client.put_object(Bucket="images", Key="batches/run-1/manifest.json", Body=json.dumps(manifest))
        client.put_object(Bucket="images", Key="reports/run-1/report.html", Body=page(batch_page("complete")).encode())
        yield client


def saved(s3: Any, path: Path, output: Mapping[str, Any] | None = BATCH) -> tuple[str, str]:
    """The sentence and the page."""
    said = RunReport(s3, "images", "images", "run-1").save(path, output)
    return said, path.read_text("utf-8")


def pictures(html: str) -> list[str]:
    """The alternative texts of the pictures."""
    return re.findall(r'<img src="data:image/jpeg[^>]*alt="([^"]*)"', html)


def test_a_batch_s_report_has_the_images_as_they_were_analysed(s3: Any, tmp_path: Path) -> None:
    said, html = saved(s3, tmp_path / "report.html")

    assert said == f"the report is in {tmp_path / 'report.html'}, with 2 pictures"
    assert pictures(html) == [f"incoming/{name} with 1 box" for name in reversed(list(images())[:2])]
    assert "The batch has 52 results. 2 of them are shown" in html
    assert len(html) - len(page(batch_page("complete"))) < 300_000


def test_a_large_part_is_read_from_its_start_and_a_line_that_is_cut_off_is_passed_over(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = s3.get_object(Bucket="images", Key="batches/run-1/part-000001.jsonl")["Body"].read()
    monkeypatch.setattr(saved_report, "PART_BYTES", body.index(b"\n") + 20)

    assert "with 2 pictures" in saved(s3, tmp_path / "report.html")[0]


def test_an_image_that_is_gone_or_broken_is_left_out(s3: Any, tmp_path: Path) -> None:
    for name in images():
        s3.delete_object(Bucket="images", Key=f"incoming/{name}")

    said, html = saved(s3, tmp_path / "report.html")

    assert said == f"the report is in {tmp_path / 'report.html'}"
    assert html == page(batch_page("complete"))


@pytest.mark.parametrize("output", [None, sample_output(), {**BATCH, "manifestUri": None}])
def test_a_run_without_results_of_images_has_its_page_as_it_is(
    s3: Any, tmp_path: Path, output: Mapping[str, Any] | None
) -> None:
    assert pictures(saved(s3, tmp_path / "report.html", output)[1]) == []


def test_without_pillow_there_are_no_pictures_and_no_error(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(("PIL", "iu_tuner.vision.strip"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "iu_tuner.vision.drawing.painting", raising=False)
    monkeypatch.setitem(sys.modules, "PIL", None)

    said, html = saved(s3, tmp_path / "report.html")

    assert said == f"the report is in {tmp_path / 'report.html'}"
    assert html == page(batch_page("complete"))


def test_what_s3_does_not_give_is_said(s3: Any, tmp_path: Path) -> None:
    s3.delete_object(Bucket="images", Key="batches/run-1/manifest.json")
    said, html = saved(s3, tmp_path / "report.html")
    assert ", without pictures: " in said
    assert pictures(html) == []

    s3.delete_object(Bucket="images", Key="reports/run-1/report.html")
    assert (
        RunReport(s3, "images", "images", "run-1")
        .save(tmp_path / "none.html", BATCH)
        .startswith("the report can't be read: ")
    )
    assert not (tmp_path / "none.html").exists()


@pytest.mark.parametrize(("command", "images"), [("process", "elsewhere"), ("follow", "images")])
def test_the_commands_save_it_when_the_run_has_ended(
    s3: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    images: str,
) -> None:
    machine = OUTPUTS["StateMachineArn"]
    outputs = {**OUTPUTS, "BatchStateMachineArn": f"{machine}Batch", "ImageBucketName": "images"}
    aws = Aws(["SUCCEEDED"], {"output": json.dumps(BATCH)}, stack=outputs, has_run=command == "follow")
    monkeypatch.setattr(stack, "open_session", lambda *_: aws)
    monkeypatch.setattr(aws, "client", lambda service, **_: s3 if service == "s3" else aws)
    monkeypatch.setattr(polling, "PAUSE_S", 0.0)
    subject = [MODEL, "--name", "run-1", "--bucket", images] if command == "process" else ["run-1"]

    code = main([command, *subject, "--report", str(tmp_path / "report.html")])

    assert code == Exit.OK
    assert f"the report is in {tmp_path / 'report.html'}" in " ".join(capsys.readouterr().err.split())
    assert len(pictures((tmp_path / "report.html").read_text("utf-8"))) == (2 if images == "images" else 0)


def test_a_skipped_run_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = to_json(skipped("monday", Lease(MODEL, "r-0", "", "2026-11-21T06:00:00Z", 90, "stop")))
    aws = Aws(["SUCCEEDED"], {"output": json.dumps(held)}, stack={**OUTPUTS, "ImageBucketName": "images"})
    monkeypatch.setattr(stack, "open_session", lambda *_: aws)

    assert main(["follow", "monday", "--report", str(tmp_path / "report.html")]) == Exit.SKIPPED
    assert "report" not in capsys.readouterr().err


def test_a_folder_that_is_not_there_and_no_wait_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", MODEL, "--report", "/no/such/folder/report.html"]) == Exit.USAGE
    assert "--report: there is no folder /no/such/folder that can be written to" in capsys.readouterr().err
    assert main(["run", MODEL, "--report", "report.html", "--no-wait"]) == Exit.USAGE
    assert "--no-wait: takes none of --assert, --junit, --report" in capsys.readouterr().err
