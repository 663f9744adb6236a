"""`iu-tuner run`: starts a run and follows it to its end."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from iu_tuner.cli.aws.stack import find_tuner, region_of
from iu_tuner.cli.input_flags import expected_cost, input_flags, run_input
from iu_tuner.cli.options import EXIT_CODES, deployment_options, examples, outcome_options, output_options
from iu_tuner.cli.session import Session
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import plain
from iu_tuner.exit_codes import Exit, UsageError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
_EXAMPLES = examples(
    "iu-tuner run $MODEL_ARN --average-tps 6 --peak-tps 15",
    "iu-tuner run $MODEL_ARN --mode quick --assert verdict==ok --json",
    "iu-tuner run --input input.json --max-cost-usd 2",
    then=EXIT_CODES,
)


@click.command(epilog=_EXAMPLES)
@click.argument("model_arn", required=False)
@click.option("--input", "whole", metavar="FILE", help="The whole execution input as JSON; - is stdin.")
@input_flags
@outcome_options
@click.option("--name", help="The run's id. (Default: one that is new.)")
@click.option("--no-wait", is_flag=True, help="Start the run, and leave.")
@deployment_options
def run(
    model_arn: str | None,
    whole: str | None,
    assertions: tuple[str, ...],
    as_json: bool,
    junit: Path | None,
    timeout: float | None,
    name: str | None,
    no_wait: bool,
    stack: str,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    **flags: Any,
) -> int:
    """Start a run of MODEL_ARN and follow it to its end; Ctrl-C stops it, safely."""
    screen, options = Screen(as_json=as_json), output_options(assertions, junit)
    if no_wait and (assertions or junit or timeout):
        raise UsageError("--no-wait: there is no answer to wait for with --assert, --junit or --timeout")
    raw, understood = run_input(model_arn, whole, flags)
    run_id = name or f"cli-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid4().hex[:6]}"
    if not _NAME.fullmatch(run_id):
        raise UsageError(f"--name: got {plain(run_id)}; takes 1 to 80 letters, digits, - and _")
    region = region or region_of(understood.model_arn)
    tuner = find_tuner(stack, region=region, profile=profile, endpoint_url=endpoint_url)
    tuner.check_model(understood.model_arn)
    screen.say(expected_cost(understood, tuner.usd_per_unit_hour))
    timeout_s = timeout and 60 * timeout
    session = Session(tuner, run_id, understood.model_arn, screen, options, raw, timeout_s)
    if not no_wait:
        return session.run_to_end()
    session.start()
    screen.say(f"follow it: {tuner.follow_command(run_id)}")
    screen.put_json({"runId": run_id, "executionArn": tuner.arn_of(run_id), "status": "RUNNING"})
    return Exit.OK
