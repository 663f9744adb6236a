"""`iu-tuner process`: processes all images of a prefix or a list, and follows the batch to its end."""

from __future__ import annotations

from typing import Any

import click

from iu_tuner.cli.aws.sample import choose_sample, sample_quote
from iu_tuner.cli.aws.stack import StackOptions, find_deployment
from iu_tuner.cli.options.arguments import new_run_id
from iu_tuner.cli.options.groups import EXIT_CODES, deployment_options, examples, outcome_options
from iu_tuner.cli.options.input_flags import Command, Flags, Switches, merged_input, with_flags
from iu_tuner.cli.outcome.outcome import OutputOptions
from iu_tuner.cli.session.session import Session
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import plain
from iu_tuner.contract.batch.batch_input import ProcessInput, parse_process_input
from iu_tuner.contract.errors import RunError
from iu_tuner.exit_codes import Exit, UsageError

_FLAGS: Flags = {
    "--bucket": ("images.bucket", str, "Where the images are."),
    "--prefix": ("images.prefix", str, "The folder of the images."),
    "--list": ("images.list", str, "A list of images instead: s3://bucket/keys.csv, .jsonl, …"),
    "--source": ("images.source", str, "bytes or s3."),
    "--results-prefix": ("results.prefix", str, "Where the results go."),
    "--min-confidence": ("results.minConfidence", float, "Labels from this confidence on, 0 to 100."),
    "--within-hours": ("deadline.withinHours", float, "The batch ends within so many hours,"),
    "--at": ("deadline.at", str, "or before this time, with its zone."),
    "--units": ("units", str, "deadline, fastest, or a number of inference units."),
    "--tps": ("tps", float, "What one inference unit carries, instead of a measurement."),
    "--max-minutes": ("limits.maxMinutes", float, "The batch ends after so many minutes."),
    "--max-cost-usd": ("limits.maxCostUsd", float, "The batch ends when the model has cost this."),
    "--max-failed-percent": ("limits.maxFailedPercent", float, "So many percent of the images may fail."),
    "--resume": ("resume", str, "The id of an earlier batch: only what it left."),
    "--after-run": ("afterRun", str, "What becomes of the model: stop or restore."),
}
_SWITCHES: Switches = {
    "--ground-truth": ("results.groundTruth", "Also write labels.manifest, ready to review."),
    "--measure-first": ("measureFirst", "Find the rate anew, although the model was measured before."),
}
_EXAMPLES = examples(
    "iu-tuner process $MODEL_ARN --prefix incoming/ --within-hours 3",
    "iu-tuner process $MODEL_ARN --prefix incoming/ --sample 100",
    "iu-tuner process $MODEL_ARN --resume cli-20261121T060000-a1b2c3",
    then=EXIT_CODES,
)


def _flags(command: Command) -> Command:
    return with_flags(command, _FLAGS, _SWITCHES)


@click.command(epilog=_EXAMPLES)
@click.argument("model_arn", required=False)
@click.option("--input", "input_file", metavar="FILE", help="The whole execution input as JSON; - is stdin.")
@_flags
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Process N images, and quote all of them.")
@outcome_options
@click.option("--name", help="The run's id. (Default: one that is new.)")
@click.option("--no-wait", is_flag=True, help="Start the batch, and leave.")
@deployment_options
def process(
    model_arn: str | None,
    input_file: str | None,
    sample: int | None,
    options: OutputOptions,
    name: str | None,
    no_wait: bool,
    stack_options: StackOptions,
    **flags: Any,
) -> int:
    """Process all images of a prefix with MODEL_ARN, and stop the model; Ctrl-C stops it, safely."""
    screen = Screen(as_json=options.as_json)
    if no_wait and (options.need_the_end or sample):
        raise UsageError(
            "--no-wait: takes none of --assert, --junit, --report, --timeout and --sample, which wait for the output"
        )
    input_values, process_input = _input(model_arn, input_file, flags)
    run_id = new_run_id(name)
    deployment = find_deployment(stack_options.with_region_of(process_input.model_arn))
    tuner = deployment.batch_tuner
    tuner.check_model(process_input.model_arn)
    chosen_sample = choose_sample(deployment, process_input, sample, run_id) if sample else None
    if chosen_sample is not None:
        images = {**input_values.get("images", {}), "list": chosen_sample.address}
        input_values = {**{key: value for key, value in input_values.items() if key != "deadline"}, "images": images}
        screen.say(chosen_sample.sentence)
    session = Session(deployment, tuner, run_id, input_values, screen, options)
    if no_wait:
        return session.start_and_leave()
    code = session.run_to_end()
    if chosen_sample is not None and code == Exit.OK:
        pace = tuner.pace(process_input.model_arn)
        screen.say(sample_quote(chosen_sample, tuner.describe_run(run_id), tuner.usd_per_unit_hour, pace))
    return code


def _input(model_arn: str | None, input_file: str | None, flags: dict[str, Any]) -> tuple[dict[str, Any], ProcessInput]:
    """The input as JSON values, and as parsed. Raises UsageError with the sentence with which the run would fail."""
    if (units := flags["units"]) is not None and plain(units).isdecimal():
        flags = {**flags, "units": int(units)}
    input_values = {"task": "process", **merged_input(model_arn, input_file, flags, _FLAGS, _SWITCHES)}
    try:
        return input_values, parse_process_input(input_values)
    except RunError as error:
        raise UsageError(str(error)) from error
