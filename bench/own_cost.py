"""`python -m bench.own_cost`: what the tuner itself costs. Counts one run in the embedded AWS and prints dollars.

The prices are those of the table in docs/cost.md. S3 requests, logs, events and messages are not counted: together
they are about a hundredth of a small run's cost.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.tables import markdown
from iu_tuner.cli.aws.runs_table import RunsTable
from iu_tuner.cli.aws.tuner import Tuner
from local.deployment import deploy
from local.embedded_aws import EmbeddedAws, embedded_aws
from local.sample_images import sample_images
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import running_simulated_model

DOCUMENT = Path(__file__).parent.parent / "docs" / "cost.md"
WHOLE_CPU_MB = 1769  # a Lambda with less memory has less of a CPU, as AWS documents
EXPRESS_TICK_S, EXPRESS_GB = 0.1, 64 / 1024  # an Express child is billed in steps of 100 ms and 64 MB
_RUN, _MAX_S = "own-cost", 300.0
_METERED = f"import sys; sys.path.insert(0, {str(DOCUMENT.parent.parent)!r}); from bench.own_cost import serve; serve()"
_INPUT = {"demand": {"averageTps": 6, "peakTps": 15}}
_REPORT = re.compile(r"REPORT .*Billed Duration: ([\d.]+) ms\tMemory Size: (\d+) MB")
_PRICE = re.compile(r"^\| ([\w -]+) \| ([\d.]+) \| ([\d,]+) \|", re.MULTILINE)


def prices(document: str) -> dict[str, float]:
    """US dollars for one of each thing that is billed, from the rows `name | US$ | for so many` of the document."""
    return {name: float(usd) / int(number.replace(",", "")) for name, usd, number in _PRICE.findall(document)}


def gb_seconds(seconds: float, memory_mb: int) -> float:
    """At most: as if the part of a CPU that a small Lambda has made all of its time so much longer."""
    return seconds * max(1.0, WHOLE_CPU_MB / memory_mb) * memory_mb / 1024


def bill(counted: Mapping[str, float], usd: Mapping[str, float]) -> str:
    """A Markdown table: what was counted (name -> number), and its dollars."""
    rows = [(name, f"{number:,.6g}", f"{number * usd[name]:.6f}") for name, number in counted.items()]
    total = sum(number * usd[name] for name, number in counted.items())
    return markdown(("billed", "number", "US$"), [*rows, ("**total**", "", f"**{total:.6f}**")])


def count_run() -> dict[str, float]:
    """Counts of the demo's run, by the names in the table of prices."""
    with tempfile.TemporaryDirectory() as folder:
        units = Path(folder) / "units"
        with (
            embedded_aws(program=["-c", _METERED], UNITS=str(units)) as aws,
            running_simulated_model([ModelSetup(truth=ModelTruth(), project="bees")], s3_endpoint_url=aws.url) as model,
        ):
            outputs = deploy(aws, {"rekognitionEndpointUrl": model.url, "modelPollSeconds": 1})
            for name, body in sample_images().items():
                aws.client("s3").put_object(Bucket=outputs.image_bucket, Key=f"samples/{name}", Body=body)
            states = aws.client("stepfunctions")
            tuner = Tuner(states, outputs.state_machine_arn, RunsTable(aws.client("dynamodb"), outputs.runs_table))
            before, began_s = units.read_text("utf-8").splitlines(), time.time()
            tuner.start(_RUN, {"modelArn": model.model_arns[0], **_INPUT})
            while (described := tuner.describe_run(_RUN))["status"] == "RUNNING" and time.time() < began_s + _MAX_S:
                time.sleep(1)
            if described["status"] != "SUCCEEDED":
                raise RuntimeError(f"the run ended as {described['status']}: {described.get('cause')}")
            pages = states.get_paginator("get_execution_history").paginate(executionArn=tuner.arn_of(_RUN))
            entered = sum(each["type"].endswith("StateEntered") for page in pages for each in page["events"])
            used = [line.split() for line in units.read_text("utf-8").splitlines()[len(before) :]]
            return {
                **_count_logs(_logs(aws, began_s), entered),
                **{f"DynamoDB {kind} unit": sum(float(n) for k, n in used if k == kind) for kind in ("write", "read")},
            }


def _count_logs(logs: Mapping[str, list[str]], entered: int) -> dict[str, float]:
    reports = {
        name: [(float(found[1]) / 1000, int(found[2])) for line in lines if (found := _REPORT.match(line))]
        for name, lines in logs.items()
        if name != "Janitor"
    }
    invocations = sum(map(len, reports.values()))
    looks, plans, workers = (len(reports[name]) for name in ("StartModel", "PlanStep", "ApplyLoad"))
    ticks = sum(math.ceil(seconds / EXPRESS_TICK_S) for seconds, _ in reports["ApplyLoad"])
    # The embedded AWS writes no history of what is inside a Parallel: each call and the choice behind it, the waits
    # between two looks, the probe, a Map for each step, the recommendation.
    inside = 2 * looks + (looks - 1) + 1 + 2 * plans + (plans - 1) + 1
    written = [line for lines in logs.values() for line in lines if line.startswith('{"_aws"')]
    return {
        "Lambda request": invocations,
        "Lambda GB-second": sum(gb_seconds(*each) for name in reports for each in reports[name]),
        "state transition": entered + inside,
        "Express request": workers,
        "Express GB-second": ticks * EXPRESS_TICK_S * EXPRESS_GB,
        "custom metric hour": sum(line.count('"Name":') for line in written),
        "trace": invocations,
    }


def _logs(aws: EmbeddedAws, since_s: float) -> dict[str, list[str]]:
    """What each Lambda wrote."""
    logs, found = aws.client("logs"), {}
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            if function := re.search(r"Functions(\w+?)Logs", group["logGroupName"]):
                events = logs.get_paginator("filter_log_events").paginate(
                    logGroupName=group["logGroupName"], startTime=int(1000 * since_s)
                )
                found[function[1]] = [event["message"] for each in events for event in each["events"]]
    return found


def serve() -> None:
    """Be `python -m ministack`, and append the units that each request to DynamoDB consumes to the file UNITS."""
    from ministack.app import main
    from ministack.services import dynamodb

    handle, log = dynamodb.handle_request, Path(os.environ["UNITS"])
    log.touch()

    async def metered(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if not action.endswith(("Item", "Query", "Scan")):
            return await handle(method, path, headers, body, query)
        asked = json.dumps({**json.loads(body), "ReturnConsumedCapacity": "TOTAL"}).encode()
        status, answer_headers, answer = await handle(method, path, headers, asked, query)
        consumed = json.loads(answer).get("ConsumedCapacity", {}).get("CapacityUnits", 1)
        with log.open("a", encoding="utf-8") as lines:
            lines.write(f"{'read' if action in ('GetItem', 'Query', 'Scan') else 'write'} {consumed}\n")
        return status, answer_headers, answer

    dynamodb.handle_request = metered
    main()


if __name__ == "__main__":
    print(bill(count_run(), prices(DOCUMENT.read_text("utf-8"))))
    sys.exit(0)
