"""The demo's batch: uploads images, processes them, and shows what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

from iu_tuner.cli.aws.runs_table import RunsTable
from iu_tuner.cli.aws.s3.saved_report import RunReport
from iu_tuner.cli.aws.tuner import Tuner
from iu_tuner.cli.session.polling import poll
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.images import images_answer
from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.output.json_values import from_json
from lambdas.models.registry import facts_of
from local.world import World, upload_batch

PREFIX = "incoming/"
RESULT = Path("out/result.json")
REPORT = RESULT.with_name("report.html")


def run_batch(world: World, images: int, console: Console, status: Status) -> int:
    """Process so many images. Returns the exit code: 0 if all have a result and the model is stopped."""
    status.update(f"uploading {images:,} images")
    upload_batch(world, PREFIX, images)
    status.stop()
    described = _execute(world, {"task": "process", "modelArn": world.service.model_arns[0]})
    report = world.service.model_report()
    console.print()
    if described["status"] != "SUCCEEDED":
        console.print(f"{described['status']}: {described.get('error')}", style="red")
        console.print(str(described.get("cause")), highlight=False, markup=False)
        return 1
    raw = json.loads(described["output"])
    output = from_json(BatchOutput, raw)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(raw, indent=2) + "\n", "utf-8")
    if notice := facts_of(output.model_arn).notice:
        console.print(notice, highlight=False, markup=False)
    for part in images_answer(output):
        console.print(part, soft_wrap=True)
    truth = report["trueTps"]
    console.print(f"The simulated model carries {truth:g} images/s, and was left {report['status']}.")
    if output.report_uri:
        bucket = world.outputs.image_bucket
        saved = RunReport(world.aws.client("s3"), bucket, bucket, output.run_id).save(REPORT, raw)
        console.print(f"{saved[:1].upper()}{saved[1:]}; the execution's output is in {RESULT}.", soft_wrap=True)
    return 0 if output.verdict == "complete" and report["status"] == "STOPPED" else 1


def _execute(world: World, raw: dict[str, Any]) -> dict[str, Any]:
    table = RunsTable(world.aws.client("dynamodb"), world.outputs.runs_table)
    tuner = Tuner(world.aws.client("stepfunctions"), world.outputs.batch_state_machine_arn, table)
    tuner.start("demo", raw)
    with Screen(as_json=False) as screen:
        for snapshot in poll(tuner, "demo"):
            screen.show(snapshot)
    return dict(snapshot.execution)
