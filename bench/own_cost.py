"""`python -m bench.own_cost`: what the tuner itself costs, measured; writes the tables into docs/cost.md.

Runs the demo's execution in the embedded AWS with every call metered, and a run of 1,000 workers a step on moto;
what was counted is kept in bench/own_cost.json. With --reckon nothing is measured: the tables are made anew from it.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import prices
from bench.bill import Run, Use, lines
from bench.sizes import READ_UNIT
from bench.tables import markdown

DOCUMENT = Path(__file__).parent.parent / "docs" / "cost.md"
RECORD = Path(__file__).with_suffix(".json")
BEGIN, END = "<!-- the bill: written by `python -m bench.own_cost` -->", "<!-- the end of the bill -->"

LEADS_S = 10.0  # of a step of 1,000 workers: from planning it to its common start; 8 for the first, 3 to 20 after that
MAX_IMAGES = 24
MONTH_S = 730 * 3600
JANITOR_S = 600
# Lambda asks a queue all the time, five at once, and each question waits 20 s for a message.
POLLS_A_MONTH = 5 * MONTH_S / 20
QUEUES = 1
USD_PER_UNIT_HOUR = 4.0


def measure() -> dict[str, Any]:
    """Both runs, as plain JSON values."""
    from bench.metered_run import metered_run
    from bench.scale import measured_scale

    run = metered_run()
    scale = measured_scale(1000)
    plan_steps = scale.of("PlanStep")[1:]
    return {
        "measuredOn": datetime.now(UTC).date().isoformat(),
        "python": f"{platform.python_version()}, {platform.machine()}",
        "run": run,
        "scale": {
            "workersPerStep": 1000,
            "steps": scale.steps,
            "items": scale.items,
            "loadSeconds": scale.load_s,
            "workerItemBytes": scale.worker_item_bytes,
            "planStepSeconds": round(sum(c.seconds - c.moto_s for c in plan_steps) / len(plan_steps), 3),
        },
    }


def run_of(record: Mapping[str, Any]) -> Run:
    """The demo's run."""
    kept = record["run"]
    functions = {name: Use(**use) for name, use in kept["functions"].items()}
    return Run(functions, kept["transitions"], kept["metrics"])


def large_run_of(record: Mapping[str, Any]) -> Run:
    """A run of 1,000 workers a step: each worker's part as in the demo's run, for as long as the steps were."""
    small, kept, scale = run_of(record), record["run"], record["scale"]
    workers, plans = small.workers, small.functions["PlanStep"]
    more_steps = scale["steps"] - kept["steps"]
    late_s = max(0.0, workers.seconds - kept["loadSeconds"]) / workers.invocations  # lead, start, last answers
    seconds = scale["loadSeconds"] + scale["items"] * max(late_s, LEADS_S)
    each = workers.times(scale["items"] / workers.invocations, seconds=seconds)
    images = Use(s3_reads=scale["workersPerStep"] * MAX_IMAGES).s3_reads
    read_units = math.ceil(scale["workersPerStep"] * scale["workerItemBytes"] / READ_UNIT) * scale["steps"]
    plan = plans.times((scale["steps"] + 1) / plans.invocations)
    functions = {
        **small.functions,
        "ApplyLoad": Use(**{**asdict(each), "s3_reads": images}),
        "PlanStep": Use(
            **{
                **asdict(plan),
                "seconds": plan.seconds + scale["steps"] * scale["planStepSeconds"],
                "read_units": plan.read_units + read_units,
            }
        ),
    }
    return Run(functions, small.transitions + 3 * more_steps, small.metrics)


def bill(record: Mapping[str, Any]) -> str:
    """All tables, as Markdown."""
    kept, scale = record["run"], record["scale"]
    small, large = run_of(record), large_run_of(record)
    small_usd = sum(line.usd for line in lines(small))
    look = small.functions["StartModel"]
    look_usd = (
        3 * prices.STANDARD_TRANSITION
        + prices.LAMBDA_REQUEST
        + look.gb_seconds / look.invocations * prices.LAMBDA_GB_SECOND
        + look.read_units / look.invocations * prices.READ_UNIT
        + look.write_units / look.invocations * prices.WRITE_UNIT
    )
    wall_s = scale["loadSeconds"] / scale["workersPerStep"] + scale["steps"] * LEADS_S
    return "\n\n".join(
        [
            f"Measured on {record['measuredOn']} (Python {record['python']}).",
            "### The demo's run",
            f"{kept['steps']} steps with a worker each, {kept['images']} images, one inference unit. "
            f"The model ran for {kept['modelSeconds']} s, which is **${kept['modelUsd']:.4f}**; "
            f"the tuner itself cost **${small_usd:.4f}**.",
            _table(small),
            f"A real model takes minutes to start: each further look at it, every 30 s, costs ${look_usd:.6f}, "
            f"so half an hour of waiting costs ${60 * look_usd:.4f}.",
            f"### A run of {scale['workersPerStep']:,} workers a step",
            f"{scale['steps']} steps, {scale['items']:,} workers' items of at most {scale['workerItemBytes']} bytes. "
            f"The steps take {wall_s / 60:.0f} minutes, in which each inference unit costs "
            f"${wall_s / 3600 * USD_PER_UNIT_HOUR:.2f}; "
            f"the tuner itself costs **${sum(line.usd for line in lines(large)):.2f}**.",
            _table(large),
            "### A month in which nothing runs",
            _idle_table(kept),
        ]
    )


def _table(run: Run) -> str:
    rows = [(line.service, line.counted, f"{line.usd:.6f}") for line in lines(run)]
    total = sum(line.usd for line in lines(run))
    return markdown(("service", "counted", "US$"), [*rows, ("**in all**", "", f"**{total:.6f}**")])


def _idle_table(kept: Mapping[str, Any]) -> str:
    janitor, turns = Use(**kept["janitor"]), MONTH_S / JANITOR_S
    turn_usd = (
        prices.LAMBDA_REQUEST
        + prices.SCHEDULED_CALL
        + janitor.gb_seconds * prices.LAMBDA_GB_SECOND
        + janitor.read_units * prices.READ_UNIT
        + janitor.log_bytes / 1e9 * prices.LOG_GB
        + prices.TRACE
    )
    alarms = kept["alarms"]
    parts = [
        ("KMS", "the key of the alarms' topic (none of it with `kmsKeyArn`)", prices.KEY_MONTH, prices.KEY_MONTH),
        ("CloudWatch", f"{alarms} alarms (an account's first 10 are free)", alarms * prices.ALARM_MONTH, 0.0),
        ("CloudWatch", "the dashboard (an account's first 3 are free)", prices.DASHBOARD_MONTH, 0.0),
        (
            "Janitor",
            f"{turns:,.0f} turns: Scheduler, Lambda, a look through the leases, log, trace",
            turns * turn_usd,
            0.0,
        ),
        (
            "SQS",
            f"{QUEUES * POLLS_A_MONTH:,.0f} requests by Lambda, which waits for a queue (a million is free)",
            QUEUES * POLLS_A_MONTH * prices.QUEUE_REQUEST,
            0.0,
        ),
    ]
    rows = [(service, what, f"{usd:.2f}", f"{least:.2f}") for service, what, usd, least in parts]
    total, least = sum(part[2] for part in parts), sum(part[3] for part in parts)
    return markdown(
        ("service", "what", "US$", "within the free tiers"),
        [*rows, ("**in all**", "", f"**{total:.2f}**", f"**{least:.2f}**")],
    )


def write(record: Mapping[str, Any]) -> None:
    """Put the tables into the document, in the place of those that are there."""
    before, rest = DOCUMENT.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{bill(record)}\n\n{END}{after}", "utf-8")


def main() -> int:
    """Measure, keep, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.own_cost", description=__doc__)
    parser.add_argument("--reckon", action="store_true", help="measure nothing: from bench/own_cost.json")
    if not parser.parse_args().reckon:
        RECORD.write_text(json.dumps(measure(), indent=2) + "\n", "utf-8")
    record = json.loads(RECORD.read_text("utf-8"))
    write(record)
    print(bill(record))
    return 0


if __name__ == "__main__":
    sys.exit(main())
