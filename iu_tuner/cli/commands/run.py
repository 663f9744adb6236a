"""`iu-tuner run`: starts a run and follows it to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from iu_tuner.cli.aws.errors import calling_aws
from iu_tuner.cli.aws.s3.image_folder import ImageFolder
from iu_tuner.cli.aws.stack import Deployment, StackOptions, find_deployment
from iu_tuner.cli.options.arguments import new_run_id
from iu_tuner.cli.options.groups import EXIT_CODES, deployment_options, examples, outcome_options
from iu_tuner.cli.options.input_flags import expected_cost, input_flags, run_input
from iu_tuner.cli.outcome.outcome import OutputOptions
from iu_tuner.cli.session.session import Session
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.exit_codes import UsageError

_EXAMPLES = examples(
    "iu-tuner run $MODEL_ARN --average-tps 6 --peak-tps 15",
    "iu-tuner run $MODEL_ARN --mode quick --assert verdict==ok --json",
    "iu-tuner run $MODEL_ARN --image-folder ./images",
    "iu-tuner run --input input.json --max-cost-usd 2",
    then=EXIT_CODES,
)


@click.command(epilog=_EXAMPLES)
@click.argument("model_arn", required=False)
@click.option("--input", "input_file", metavar="FILE", help="The whole execution input as JSON; - is stdin.")
@click.option("--image-folder", metavar="FOLDER", help="Upload the images of this folder, and test with them.")
@input_flags
@outcome_options
@click.option("--name", help="The run's id. (Default: one that is new.)")
@click.option("--no-wait", is_flag=True, help="Start the run, and leave.")
@deployment_options
def run(
    model_arn: str | None,
    input_file: str | None,
    image_folder: str | None,
    options: OutputOptions,
    name: str | None,
    no_wait: bool,
    stack_options: StackOptions,
    **flags: Any,
) -> int:
    """Start a run of MODEL_ARN and follow it to its end; Ctrl-C stops it, safely."""
    screen = Screen(as_json=options.as_json)
    if no_wait and options.need_the_end:
        raise UsageError(
            "--no-wait: takes none of --assert, --junit, --report and --timeout, which wait for the answer"
        )
    folder = _image_folder(image_folder, flags)
    input_values, execution_input = run_input(
        model_arn, input_file, {**flags, "prefix": folder.prefix} if folder else flags
    )
    run_id = new_run_id(name)
    deployment = find_deployment(stack_options.with_region_of(execution_input.model_arn))
    tuner = deployment.tuner
    tuner.check_model(execution_input.model_arn)
    screen.say(expected_cost(execution_input, tuner.usd_per_unit_hour))
    if folder is not None:
        _upload(folder, deployment, input_values, screen)
    session = Session(deployment, tuner, run_id, input_values, screen, options)
    return session.start_and_leave() if no_wait else session.run_to_end()


def _image_folder(path: str | None, flags: Mapping[str, Any]) -> ImageFolder | None:
    """The images of --image-folder. Raises UsageError if there are none, or another flag says where images are."""
    if path is None:
        return None
    for name in ("bucket", "prefix"):
        if flags[name] is not None:
            raise UsageError(f"--image-folder: the images are uploaded to the stack's bucket: leave out --{name}")
    return ImageFolder.read(path)


def _upload(folder: ImageFolder, deployment: Deployment, input_values: dict[str, Any], screen: Screen) -> None:
    """Upload the images, and name their bucket in the input."""
    if folder.left_out:
        screen.say(folder.left_out_sentence)
    bucket = deployment.image_bucket
    with calling_aws():
        s3 = deployment.aws.of("s3")
    screen.say(folder.upload(s3, bucket))
    input_values["images"]["bucket"] = bucket
