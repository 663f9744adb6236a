"""`iu-tuner history`: the last runs of a model."""

from __future__ import annotations

import click

from iu_tuner.cli.aws.stack import StackOptions, find_deployment
from iu_tuner.cli.options.groups import deployment_options, examples
from iu_tuner.cli.options.input_flags import checked_model_arn
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import history_table
from iu_tuner.exit_codes import Exit

_EXAMPLES = examples("iu-tuner history $MODEL_ARN --most 5", "iu-tuner history $MODEL_ARN --json")


@click.command(epilog=_EXAMPLES)
@click.argument("model_arn")
@click.option("--most", type=click.IntRange(1, 1000), default=20, show_default=True, help="Runs to show.")
@click.option("--json", "as_json", is_flag=True, help="The outputs as a JSON list, to stdout.")
@deployment_options
def history(model_arn: str, most: int, as_json: bool, stack_options: StackOptions) -> int:
    """The last runs of MODEL_ARN, the latest first."""
    screen = Screen(as_json=as_json)
    model_arn = checked_model_arn(model_arn)
    tuner = find_deployment(stack_options.with_region_of(model_arn)).tuner
    tuner.check_model(model_arn)
    past_runs = tuner.history(model_arn, most)
    screen.tell(history_table(past_runs))
    screen.put_json([run.values for run in past_runs])
    return Exit.OK
