"""The weekly schedule: when to start and stop the model, the savings, and the commands that set it up."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.recommendation import PlanOutput, ScheduleEntry
from iu_tuner.contract.output.result import Output
from lambdas.models.registry import facts_of
from lambdas.reports.page.html.contents import Picture, Snippet, Table
from lambdas.reports.page.html.formats import day_of_week, usd

TITLE = "When to start and stop the model"
MAX_NAME = 40  # characters; EventBridge Scheduler allows 64 for the whole name
ROLE = """\
# A role that EventBridge Scheduler may assume (scheduler.amazonaws.com), with {start} and
# {stop} on the model:
ROLE=arn:{partition}:iam::{account}:role/<your role>
"""


def start_stop(answer: Output) -> tuple[Picture, ...]:
    """The picture of the weekly schedule; empty if the demand allows none."""
    plan = answer.recommendation.plan
    if plan is None:
        return ()
    if not plan.hours:
        return (Picture("plan", TITLE, plan.sentence, None),)
    commands = _commands(answer.model_arn, plan.scheduler)
    snippets = [Snippet("Set it up: put your role into this, and paste it into a shell", commands)]
    if plan.measure_again:
        schedule_text = json.dumps([to_json(plan.measure_again)], indent=2, ensure_ascii=False)
        title = "Measure again while it is stopped: the context key schedules of the stack"
        snippets.append(Snippet(title, schedule_text))
    return (Picture("plan", TITLE, plan.sentence, None, tables=(_hours(plan), _costs(plan)), snippets=tuple(snippets)),)


def _hours(plan: PlanOutput) -> Table:
    rows = tuple(
        (
            _moment(row.from_),
            _moment(row.to) if row.to else f"{row.hours:g} h later",
            str(row.min_inference_units),
            str(row.max_inference_units),
        )
        for row in plan.hours
    )
    early_minutes = plan.assumptions.start_up_minutes if plan.assumptions else 0
    return Table(
        "hours",
        "Hours on",
        ("From, UTC", "To, UTC", "Least units", "Most units"),
        rows,
        numbers=frozenset({2, 3}),
        note=f"The model is started {early_minutes:g} minutes before, as that is how long it may take;"
        " they are paid for, too.",
    )


def _costs(plan: PlanOutput) -> Table:
    rows = (
        ("With this plan", f"{plan.hours_on_per_week:g}", usd(plan.usd_per_month)),
        ("Never stopped", "168", usd(plan.always_on_usd_per_month)),
        ("Saved", "", usd(plan.saved_usd_per_month)),
    )
    columns = ("Plan", "Hours on per week", "USD per month")
    return Table("plan-cost", "What it costs", columns, rows, numbers=frozenset({1, 2}), marked=frozenset({2}))


def _commands(model_arn: str, entries: Sequence[ScheduleEntry]) -> str:
    arn, known_arn = ModelArn.of(model_arn), ModelArn.find(model_arn)
    model = known_arn.project[:MAX_NAME] if known_arn else "model"
    lines = [_command(f"{model}-{number}", arn.region, entry) for number, entry in enumerate(entries, 1)]
    service = facts_of(model_arn)
    rights = {name: service.action(operation) for name, operation in (("start", service.start), ("stop", service.stop))}
    return ROLE.format(partition=arn.partition, account=arn.account, **rights) + "\n".join(lines)


def _command(model: str, region: str, entry: ScheduleEntry) -> str:
    action = "start" if str(entry.target).rpartition(":")[2].startswith("start") else "stop"
    words = ["aws", "scheduler", "create-schedule", "--region", region, "--name", f"{model}-{action}"]
    words += ["--flexible-time-window", "Mode=OFF", "--schedule-expression", entry.expression]
    words += ["--schedule-expression-timezone", entry.timezone]
    target = json.dumps({"Arn": entry.target, "Input": json.dumps(entry.input), "RoleArn": ""})
    # The shell's variable is inserted between the last two quotes of the JSON.
    target_start, target_end = target[:-2], target[-2:]
    return f'{shlex.join(words)} --target {shlex.quote(target_start)}"$ROLE"{shlex.quote(target_end)}'


def _moment(text: str) -> str:
    """A time of the week in words: `MON 08:00` -> `Monday 08:00`, `daily 00:00` -> `Every day 00:00`."""
    day, _, hour = text.partition(" ")
    return f"{'Every day' if day == 'daily' else day_of_week(day)} {hour}"
