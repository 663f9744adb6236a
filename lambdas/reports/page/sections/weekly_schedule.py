"""When to start and stop the model, what that saves, and the commands that set it up."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from iu_tuner.contract.model_arn import names_in
from lambdas.models.registry import facts_of
from lambdas.reports.page.html.contents import Picture, Snippet, Table
from lambdas.reports.page.html.formats import day_of_week, usd

TITLE = "When to start and stop the model"
MAX_NAME = 40  # of a schedule's 64
ROLE = """\
# A role that EventBridge Scheduler may assume (scheduler.amazonaws.com), with {start} and
# {stop} on the model:
ROLE=arn:{partition}:iam::{account}:role/<your role>
"""


def start_stop(answer: Mapping[str, Any]) -> tuple[Picture, ...]:
    """The plan, where the demand allowed one to be made or asked for."""
    plan = answer["recommendation"].get("plan")
    if plan is None:
        return ()
    if not plan["hours"]:
        return (Picture("plan", TITLE, plan["sentence"], None),)
    snippets = [Snippet("Set it up: put your role into this, and paste it into a shell", _commands(answer, plan))]
    if plan["measureAgain"]:
        again = json.dumps([plan["measureAgain"]], indent=2, ensure_ascii=False)
        title = "Measure again while it is stopped: the context key schedules of the stack"
        snippets.append(Snippet(title, again))
    return (
        Picture("plan", TITLE, plan["sentence"], None, tables=(_hours(plan), _costs(plan)), snippets=tuple(snippets)),
    )


def _hours(plan: Mapping[str, Any]) -> Table:
    rows = tuple(
        (
            _moment(row["from"]),
            _moment(row["to"]) if "to" in row else f"{row['hours']:g} h later",
            str(row["minInferenceUnits"]),
            str(row["maxInferenceUnits"]),
        )
        for row in plan["hours"]
    )
    early = plan["assumptions"]["startUpMinutes"]
    return Table(
        "hours",
        "Hours on",
        ("From, UTC", "To, UTC", "Least units", "Most units"),
        rows,
        numbers=frozenset({2, 3}),
        note=f"The model is started {early:g} minutes before, as that is how long it may take; they are paid for, too.",
    )


def _costs(plan: Mapping[str, Any]) -> Table:
    rows = (
        ("With this plan", f"{plan['hoursOnPerWeek']:g}", usd(plan["usdPerMonth"])),
        ("Never stopped", "168", usd(plan["alwaysOnUsdPerMonth"])),
        ("Saved", "", usd(plan["savedUsdPerMonth"])),
    )
    columns = ("Plan", "Hours on per week", "USD per month")
    return Table("plan-cost", "What it costs", columns, rows, numbers=frozenset({1, 2}), marked=frozenset({2}))


def _commands(answer: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    arn = str(answer["modelArn"])
    names, (_, partition, _, region, account, *_) = names_in(arn), arn.split(":")
    model = re.sub(r"[^0-9A-Za-z_.-]", "-", names.project if names else "model")[:MAX_NAME]
    lines = [_command(f"{model}-{number}", region, each) for number, each in enumerate(plan["scheduler"], 1)]
    service = facts_of(arn)
    rights = {name: service.action(operation) for name, operation in (("start", service.start), ("stop", service.stop))}
    return ROLE.format(partition=partition, account=account, **rights) + "\n".join(lines)


def _command(model: str, region: str, entry: Mapping[str, Any]) -> str:
    action = "start" if entry["target"].rpartition(":")[2].startswith("start") else "stop"
    words = ["aws", "scheduler", "create-schedule", "--region", region, "--name", f"{model}-{action}"]
    words += ["--flexible-time-window", "Mode=OFF", "--schedule-expression", entry["expression"]]
    words += ["--schedule-expression-timezone", entry["timezone"]]
    target = json.dumps({"Arn": entry["target"], "Input": json.dumps(entry["input"]), "RoleArn": ""})
    # The shell's own variable goes between the last two quotes of the JSON.
    before, after = target[:-2], target[-2:]
    return f'{shlex.join(words)} --target {shlex.quote(before)}"$ROLE"{shlex.quote(after)}'


def _moment(told: str) -> str:
    """`MON 08:00` -> `Monday 08:00`, `daily 00:00` -> `Every day 00:00`."""
    day, _, hour = told.partition(" ")
    return f"{'Every day' if day == 'daily' else day_of_week(day)} {hour}"
