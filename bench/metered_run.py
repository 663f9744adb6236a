"""One run of the app in the embedded AWS, with all counted that AWS would bill."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.bill import Use
from iu_tuner.cli.aws.runs_table import RunsTable
from iu_tuner.cli.aws.stack import Tuner
from local.deployment import Outputs, deploy
from local.embedded_aws import EmbeddedAws, embedded_aws
from local.sample_images import sample_images
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model

_PROGRAM = Path(__file__).with_name("metered_ministack.py")
_MAX_S = 300.0
_REPORT = re.compile(r"REPORT .*Billed Duration: ([\d.]+) ms\tMemory Size: (\d+) MB")
_EXPECTED = {"demand": {"averageTps": 6, "peakTps": 15}}
_UNITS = {"wru": "write_units", "rru": "read_units", "s3_writes": "s3_writes", "s3_reads": "s3_reads"}


def metered_run() -> dict[str, Any]:
    """The demo's run, as plain JSON values."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "metered"
        with (
            embedded_aws(program=[str(_PROGRAM)], METERED_LOG=str(log)) as aws,
            running_simulated_model(
                [ModelSetup(truth=ModelTruth(), project="bees")], s3_endpoint_url=aws.url
            ) as service,
        ):
            outputs = deploy(aws, {"rekognitionEndpointUrl": service.url, "modelPollSeconds": 1})
            for name, body in sample_images().items():
                aws.client("s3").put_object(Bucket=outputs.image_bucket, Key=f"samples/{name}", Body=body)
            return _measured(aws, service, outputs, log)


def _measured(aws: EmbeddedAws, service: RunningSimulatedModel, outputs: Outputs, log: Path) -> dict[str, Any]:
    began_s, metered_before = time.time(), len(_lines(log))
    answer, transitions = _run(aws, service, outputs)
    run_lines = _lines(log)[metered_before:]
    in_run = _uses(_logs(aws, began_s), run_lines)
    janitor_at, metered_before = time.time(), len(_lines(log))
    names = [each["FunctionName"] for each in aws.client("lambda").list_functions()["Functions"]]
    aws.client("lambda").invoke(FunctionName=next(name for name in names if "Janitor" in name), Payload=b"{}")
    janitor = _uses(_logs(aws, janitor_at), _lines(log)[metered_before:])["Janitor"]
    steps = [step for step in answer["steps"] if step["phase"] != "probe"]
    messages = [message for group in _logs(aws, began_s).values() for message in group]
    return {
        "functions": {name: asdict(use) for name, use in sorted(in_run.items()) if name != "Janitor"},
        # The embedded AWS writes no history of what is inside a Parallel: that is reckoned from the calls.
        "transitions": transitions + _inside_measure(in_run, steps=len(steps)),
        "metrics": sum(message.count('"Name":') for message in messages if message.startswith('{"_aws"')),
        "janitor": asdict(janitor),
        "alarms": len(aws.client("cloudwatch").describe_alarms()["MetricAlarms"]),
        "loadSeconds": sum(step["seconds"] * step["workers"] for step in steps),
        "steps": len(steps),
        "images": answer["images"]["used"],
        "modelUsd": answer["cost"]["runUsd"],
        "modelSeconds": round(answer["cost"]["inferenceUnitHours"] * 3600),
    }


def _run(aws: EmbeddedAws, service: RunningSimulatedModel, outputs: Outputs) -> tuple[dict[str, Any], int]:
    states = aws.client("stepfunctions")
    tuner = Tuner(states, outputs.state_machine_arn, RunsTable(aws.client("dynamodb"), outputs.runs_table))
    tuner.start("metered", {"modelArn": service.model_arns[0], **_EXPECTED})
    deadline = time.monotonic() + _MAX_S
    while (described := tuner.described("metered"))["status"] == "RUNNING" and time.monotonic() < deadline:
        time.sleep(1)
    if described["status"] != "SUCCEEDED":
        raise RuntimeError(f"the run ended as {described['status']}: {described.get('cause')}")
    pages = states.get_paginator("get_execution_history").paginate(executionArn=tuner.arn_of("metered"))
    events = [event for page in pages for event in page["events"]]
    return json.loads(described["output"]), sum(event["type"].endswith("StateEntered") for event in events)


def _inside_measure(uses: Mapping[str, Use], *, steps: int) -> int:
    """Each call with the fork behind it, the pauses between the looks, the probe, the maps, the recommendation."""
    looks, plans = uses["StartModel"].invocations, uses["PlanStep"].invocations
    return 2 * looks + (looks - 1) + 1 + 2 * plans + steps + 1


def _lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def _logs(aws: EmbeddedAws, since_s: float) -> dict[str, list[str]]:
    """What each Lambda wrote."""
    logs = aws.client("logs")
    found = {}
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            function = re.search(r"Functions(\w+?)Logs", group["logGroupName"])
            if function:
                found[function[1]] = list(_messages(logs, group["logGroupName"], since_s))
    return found


def _messages(logs: Any, group: str, since_s: float) -> Iterator[str]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int(1000 * since_s))
    return (event["message"] for page in pages for event in page["events"])


def _uses(logs: Mapping[str, list[str]], metered: list[dict[str, Any]]) -> dict[str, Use]:
    found = {}
    for function, messages in logs.items():
        reports = [match for message in messages if (match := _REPORT.match(message))]
        if not reports:
            continue
        mine = [line for line in metered if f"Functions{function}" in line["function"]]
        units = {
            attribute: sum(line["units"] for line in mine if line["kind"] == kind) for kind, attribute in _UNITS.items()
        }
        found[function] = Use(
            invocations=len(reports),
            seconds=round(sum(float(report[1]) for report in reports) / 1000, 3),
            memory_mb=int(reports[0][2]),
            log_events=len(messages),
            log_bytes=sum(len(message.encode()) for message in messages),
            **units,
        )
    return found
