"""Builds the execution's input from a file and flags, and checks it with the parser that the run uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from iu_tuner.cli.options.arguments import text_argument
from iu_tuner.cli.options.json_input import read_json
from iu_tuner.contract.cost_estimate import expected_minutes, expected_usd
from iu_tuner.contract.errors import RunError
from iu_tuner.contract.execution_input import ExecutionInput, parse_input
from iu_tuner.exit_codes import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

# Flag -> (place in the input, type, help). The parser of the input checks the values.
Flags = Mapping[str, tuple[str, Any, str]]
Switches = Mapping[str, tuple[str, str]]
FLAGS: Flags = {
    "--average-tps": ("demand.averageTps", float, "Requests per second the model carries on average."),
    "--peak-tps": ("demand.peakTps", float, "Requests per second at peak."),
    "--headroom": ("demand.headroom", float, "Share on top of the demand; 0.2 is 20 % more."),
    "--images": ("demand.images", int, "A batch: this many images,"),
    "--within-hours": ("demand.withinHours", float, "within so many hours."),
    "--mode": ("test.mode", str, "quick, standard or precise."),
    "--inference-units": ("test.inferenceUnits", int, "Inference units to test with."),
    "--start-concurrency": ("test.startConcurrency", int, "Requests in flight to start with."),
    "--max-concurrency": ("test.maxConcurrency", int, "Requests in flight at most."),
    "--in-flight-per-worker": ("test.inFlightPerWorker", int, "How many of them share one Lambda."),
    "--bucket": ("images.bucket", str, "Where the images are."),
    "--prefix": ("images.prefix", str, "The folder of the images."),
    "--source": ("images.source", str, "bytes or s3."),
    "--max-minutes": ("limits.maxMinutes", float, "The run ends after so many minutes."),
    "--max-cost-usd": ("limits.maxCostUsd", float, "The run ends when the model has cost this."),
    "--after-run": ("afterRun", str, "What becomes of the model: stop, restore, …"),
}
# The flags without a value.
SWITCHES: Switches = {
    "--allow-other-traffic": ("test.allowOtherTraffic", "Measure a running model although others use it."),
    "--compare-images": ("images.compare", "Compare bytes with s3, and images by size."),
    "--verify-scaling": ("test.verifyScaling", "Measure a second time, with twice the inference units."),
}


def input_flags(command: Command) -> Command:
    """Add a flag for each common field of the input of a measurement, named after the field."""
    return with_flags(command, FLAGS, SWITCHES)


def with_flags(command: Command, flags: Flags, switches: Switches) -> Command:
    """Add these flags."""
    for name, (path, kind, text) in reversed(list(flags.items())):
        command = click.option(name, type=kind, default=None, help=f"{text} ({path})")(command)
    for name, (path, text) in reversed(list(switches.items())):
        command = click.option(name, is_flag=True, help=f"{text} ({path})")(command)
    return command


def run_input(
    model_arn: str | None, input_file: str | None, flags: Mapping[str, Any]
) -> tuple[dict[str, Any], ExecutionInput]:
    """The input as JSON values, and as parsed. `input_file` is a JSON file, or `-` for stdin.

    Raises:
        UsageError: with the sentence with which the run would fail.
    """
    input_values = merged_input(model_arn, input_file, flags, FLAGS, SWITCHES)
    try:
        return input_values, parse_input(input_values)
    except RunError as error:
        raise UsageError(str(error)) from error


def merged_input(
    model_arn: str | None, input_file: str | None, flag_values: Mapping[str, Any], flags: Flags, switches: Switches
) -> dict[str, Any]:
    """The input as JSON values, from a file and these flags. Raises UsageError."""
    input_values = read_json("--input", input_file) if input_file else {}
    if not isinstance(input_values, dict):
        raise _refusal(input_values)
    _put(input_values, "modelArn", model_arn and text_argument("MODEL_ARN", model_arn))
    for name, (path, _, _) in flags.items():
        value = flag_values[_parameter_name(name)]
        _put(input_values, path, text_argument(name, value) if isinstance(value, str) else value)
    for name, (path, _) in switches.items():
        _put(input_values, path, flag_values[_parameter_name(name)] or None)
    return input_values


def checked_model_arn(text: str) -> str:
    """The ARN of a model version. Raises UsageError with the sentence of a run if `text` is none."""
    try:
        return parse_input({"modelArn": text}).model_arn
    except RunError as error:
        raise UsageError(str(error)) from error


def expected_cost(execution_input: ExecutionInput, usd_per_unit_hour: float) -> str:
    """A sentence with the expected cost of the run in USD.

    Raises:
        UsageError: the run would cost more than the input's limits allow.
    """
    units = execution_input.test.inference_units
    second_units = 2 * units if execution_input.test.verify_scaling else 0
    try:
        usd = expected_usd(execution_input, units, usd_per_unit_hour, second_units=second_units)
    except RunError as error:
        raise UsageError(str(error)) from error
    has_units = "inference_units" in execution_input.test.model_fields_set
    note = "" if has_units else "; a model found running keeps its own inference units, and costs accordingly"
    second_text = f", and again with {second_units}" if second_units else ""
    minutes, limit = expected_minutes(execution_input), execution_input.limits.max_cost_usd
    return (
        f"this run will cost about ${usd:.2f}: {units} x ${usd_per_unit_hour:g}/h for some {minutes:g} "
        f"minutes ({execution_input.test.mode}){second_text}, never more than limits.maxCostUsd = ${limit:g}{note}"
    )


def _parameter_name(flag: str) -> str:
    """The name of the parameter that click passes to the command for this flag."""
    return flag.removeprefix("--").replace("-", "_")


def _put(input_values: dict[str, Any], path: str, value: Any) -> None:
    if value is None:
        return
    *sections, name = path.split(".")
    section_values = input_values
    for section in sections:
        section_values = section_values.setdefault(section, {})
        if not isinstance(section_values, dict):
            raise _refusal(input_values)
    section_values[name] = value


def _refusal(input_values: Any) -> UsageError:
    try:
        parse_input(input_values)
    except RunError as error:
        return UsageError(str(error))
    return UsageError("InvalidInput: the input and the flags do not go together")
