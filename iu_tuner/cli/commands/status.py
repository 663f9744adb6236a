"""`iu-tuner status`: whether a model runs, with how many inference units, at which cost, and which run holds it."""

from __future__ import annotations

import click
from rich.text import Text

from iu_tuner.cli.aws.model import ModelReader
from iu_tuner.cli.aws.stack import StackOptions, find_deployment
from iu_tuner.cli.options.groups import deployment_options, examples
from iu_tuner.cli.options.input_flags import checked_model_arn
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import plain
from iu_tuner.exit_codes import Exit


@click.command(epilog=examples("iu-tuner status $MODEL_ARN", "iu-tuner status $MODEL_ARN --json"))
@click.argument("model_arn")
@click.option("--json", "as_json", is_flag=True, help="The status as JSON, to stdout.")
@deployment_options
def status(model_arn: str, as_json: bool, stack_options: StackOptions) -> int:
    """Whether MODEL_ARN runs, with how many inference units, what it costs, and which run uses it."""
    screen, model_arn = Screen(as_json=as_json), checked_model_arn(model_arn)
    deployment = find_deployment(stack_options.with_region_of(model_arn))
    tuner = deployment.tuner
    tuner.check_model(model_arn)
    model_status, lease = ModelReader.of(deployment).status(model_arn), tuner.lease(model_arn)
    screen.tell(*(Text(plain(each)) for each in model_status.sentences(tuner.usd_per_unit_hour, lease)))
    screen.put_json(model_status.as_json(tuner.usd_per_unit_hour, lease))
    return Exit.OK
