"""`iu-tuner follow`: attaches to a run, or shows the answer of one that has ended."""

from __future__ import annotations

import click

from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.aws.stack import StackOptions, find_deployment
from iu_tuner.cli.aws.tuner import run_id_of
from iu_tuner.cli.options.groups import EXIT_CODES, deployment_options, examples, outcome_options
from iu_tuner.cli.outcome.outcome import OutputOptions
from iu_tuner.cli.session.session import Session
from iu_tuner.cli.terminal.console import Screen

_EXAMPLES = examples("iu-tuner follow cli-20261121T060000-a1b2c3 --region eu-west-1", then=EXIT_CODES)


@click.command(epilog=_EXAMPLES)
@click.argument("run")
@outcome_options
@deployment_options
def follow(run: str, options: OutputOptions, stack_options: StackOptions) -> int:
    """Attach to a RUN (its id, or its execution's ARN), or show the answer of one that has ended."""
    run_id = run_id_of(run)
    deployment = find_deployment(stack_options.with_region_of(run))
    tuner = deployment.tuner_of(run)
    tuner.check_execution(run)
    execution_input = Snapshot(tuner.describe_run(run_id), None).input
    screen = Screen(as_json=options.as_json)
    return Session(deployment, tuner, run_id, execution_input, screen, options, is_ours=False).run_to_end()
