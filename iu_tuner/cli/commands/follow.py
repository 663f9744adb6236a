"""`iu-tuner follow`: attaches to a run, or shows the answer of one that has ended."""

from __future__ import annotations

from pathlib import Path

import click

from iu_tuner.cli.aws.s3.saved_report import RunReport
from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.aws.stack import find_deployment, region_of
from iu_tuner.cli.aws.tuner import run_id_of
from iu_tuner.cli.options.groups import EXIT_CODES, deployment_options, examples, outcome_options, output_options
from iu_tuner.cli.session.session import Session
from iu_tuner.cli.terminal.console import Screen

_EXAMPLES = examples("iu-tuner follow cli-20261121T060000-a1b2c3 --region eu-west-1", then=EXIT_CODES)


@click.command(epilog=_EXAMPLES)
@click.argument("run")
@outcome_options
@deployment_options
def follow(
    run: str,
    assertions: tuple[str, ...],
    as_json: bool,
    junit: Path | None,
    report: Path | None,
    timeout: float | None,
    stack: str,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
) -> int:
    """Attach to a RUN (its id, or its execution's ARN), or show the answer of one that has ended."""
    screen, options = Screen(as_json=as_json), output_options(assertions, junit, report)
    run_id = run_id_of(run)
    region = region or region_of(run)
    deployment = find_deployment(stack, region=region, profile=profile, endpoint_url=endpoint_url)
    tuner = deployment.tuner_of(run)
    tuner.check_execution(run)
    seen = Snapshot(tuner.described(run_id), None)
    saved = RunReport.of(deployment, run_id, seen.input) if report else None
    timeout_s = timeout and 60 * timeout
    session = Session(tuner, run_id, seen.model_arn, screen, options, timeout_s=timeout_s, report=saved)
    return session.run_to_end()
