"""`iu-tuner thresholds`: a model's assumed threshold, F1 score, precision and recall for each label."""

from __future__ import annotations

import click

from iu_tuner.cli.aws.model import ModelReader, require_thresholds
from iu_tuner.cli.aws.stack import StackOptions
from iu_tuner.cli.options.groups import deployment_options, examples
from iu_tuner.cli.options.input_flags import checked_model_arn
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import thresholds_table
from iu_tuner.exit_codes import Exit


@click.command(epilog=examples("iu-tuner thresholds $MODEL_ARN", "iu-tuner thresholds $MODEL_ARN --json"))
@click.argument("model_arn")
@click.option("--json", "as_json", is_flag=True, help="The thresholds as JSON, to stdout.")
@deployment_options
def thresholds(model_arn: str, as_json: bool, stack_options: StackOptions) -> int:
    """The assumed threshold (0 to 100), F1 score, precision and recall of each label of MODEL_ARN, from its training.

    The assumed threshold of a label is the confidence from which the evaluation counted a prediction.
    """
    screen, model_arn = Screen(as_json=as_json), checked_model_arn(model_arn)
    require_thresholds(model_arn)
    evaluation = ModelReader.open(stack_options.with_region_of(model_arn)).evaluation(model_arn)
    screen.tell(thresholds_table(evaluation))
    screen.put_json(evaluation.as_json(model_arn))
    return Exit.OK
