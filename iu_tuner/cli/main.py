"""`python -m iu_tuner.cli.main`: starts a run, follows it, and ends with an exit code for CI jobs."""

from __future__ import annotations

import signal
import sys

from iu_tuner.exit_codes import ClientError, Exit, UsageError, exit_on_signal

if __name__ == "__main__":  # the imports below take a second
    signal.signal(signal.SIGINT, exit_on_signal)
    signal.signal(signal.SIGTERM, exit_on_signal)

import os
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import click

from iu_tuner.cli.arguments import Minutes, refuse_empty_options
from iu_tuner.cli.assertions import Assertion
from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.aws.stack import find_tuner, region_of, run_id_of
from iu_tuner.cli.commands.compare import compare
from iu_tuner.cli.commands.manifest import manifest
from iu_tuner.cli.input_flags import checked_model_arn, expected_cost, input_flags, run_input
from iu_tuner.cli.interrupts import Terminated
from iu_tuner.cli.outcome import OutputOptions
from iu_tuner.cli.session import Session
from iu_tuner.cli.terminal import render as view
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.contract.names import STACK
from iu_tuner.streams import discard, prepare_streams

Command = TypeVar("Command", bound=Callable[..., Any])
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
EXIT_CODES = (
    "Exit codes: 0 the answer is there and all assertions hold; 1 an assertion does not hold; 2 wrong usage or input, "
    "nothing was started; 3 the run failed; 4 another run holds the model; 5 --timeout passed; 6 AWS could not be "
    "reached or refused; 7 the model was not seen settled, and may cost money; 130 interrupted."
)


def _deployment_options(command: Command) -> Command:
    for option in (
        click.option("--endpoint-url", help="An embedded AWS. (Default: AWS_ENDPOINT_URL, else AWS.)"),
        click.option("--profile", help="A profile of your AWS configuration."),
        click.option("--region", help="Default: the Region in the ARN."),
        click.option("--stack", default=STACK, show_default=True, help="Name of the deployed stack."),
    ):
        command = option(command)
    return command


def _ending_options(command: Command) -> Command:
    for option in (
        click.option(
            "--timeout", type=Minutes(), metavar="MINUTES", help="Stop after so long, safely (follow: stop following)."
        ),
        click.option(
            "--junit", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write JUnit XML."
        ),
        click.option("--json", "as_json", is_flag=True, help="Only the output, as JSON, to stdout."),
        click.option(
            "--assert",
            "assertions",
            multiple=True,
            metavar="EXPRESSION",
            help='Like "tpsPerInferenceUnit>=4" or verdict==ok; can be repeated.',
        ),
    ):
        command = option(command)
    return command


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Measures how many requests per second an inference unit of a Rekognition model carries."""


@cli.command(epilog=EXIT_CODES)
@click.argument("model_arn", required=False)
@click.option("--input", "whole", metavar="FILE", help="The whole execution input as JSON; - is stdin.")
@input_flags
@_ending_options
@click.option("--name", help="The run's id. (Default: one that is new.)")
@click.option("--no-wait", is_flag=True, help="Start the run, and leave.")
@_deployment_options
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
    screen, options = Screen(as_json=as_json), _output_options(assertions, junit)
    if no_wait and (assertions or junit or timeout):
        raise UsageError("--no-wait: there is no answer to wait for with --assert, --junit or --timeout")
    raw, understood = run_input(model_arn, whole, flags)
    run_id = name or f"cli-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid4().hex[:6]}"
    if not _NAME.fullmatch(run_id):
        raise UsageError(f"--name: got {view.plain(run_id)}; takes 1 to 80 letters, digits, - and _")
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


@cli.command(epilog=EXIT_CODES)
@click.argument("run")
@_ending_options
@_deployment_options
def follow(
    run: str,
    assertions: tuple[str, ...],
    as_json: bool,
    junit: Path | None,
    timeout: float | None,
    stack: str,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
) -> int:
    """Attach to a RUN (its id, or its execution's ARN), or show the answer of one that has ended."""
    screen, options = Screen(as_json=as_json), _output_options(assertions, junit)
    run_id = run_id_of(run)
    region = region or region_of(run)
    tuner = find_tuner(stack, region=region, profile=profile, endpoint_url=endpoint_url)
    tuner.check_execution(run)
    model_arn = Snapshot(tuner.described(run_id), None).model_arn
    session = Session(tuner, run_id, model_arn, screen, options, timeout_s=timeout and 60 * timeout)
    return session.run_to_end()


@cli.command()
@click.argument("model_arn")
@click.option("--most", type=click.IntRange(1, 1000), default=20, show_default=True, help="Runs to show.")
@click.option("--json", "as_json", is_flag=True, help="The outputs as a JSON list, to stdout.")
@_deployment_options
def history(
    model_arn: str,
    most: int,
    as_json: bool,
    stack: str,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
) -> int:
    """The last runs of MODEL_ARN, the latest first."""
    screen = Screen(as_json=as_json)
    model_arn = checked_model_arn(model_arn)
    region = region or region_of(model_arn)
    tuner = find_tuner(stack, region=region, profile=profile, endpoint_url=endpoint_url)
    tuner.check_model(model_arn)
    past = tuner.history(model_arn, most)
    screen.tell(view.history_table(past))
    screen.put_json([run.values for run in past])
    return Exit.OK


cli.add_command(compare)
cli.add_command(manifest)


def _output_options(assertions: tuple[str, ...], junit: Path | None) -> OutputOptions:
    if junit is not None and not (junit.parent.is_dir() and os.access(junit.parent, os.W_OK)):
        raise UsageError(f"--junit: there is no folder {junit.parent} that can be written to")
    return OutputOptions(tuple(Assertion.parse(text) for text in assertions), junit)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client with `arguments`, or with those of the command line. Returns the exit code."""
    said: str
    prepare_streams()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        refuse_empty_options(arguments)
        return int(cli(arguments, prog_name="python -m iu_tuner.cli.main", standalone_mode=False) or 0)
    except click.ClickException as error:
        with suppress(OSError):  # the reader of stderr has gone
            error.show()
        return Exit.USAGE
    except ClientError as error:
        said, code = str(error), error.code
    except SystemExit:  # click raises it if the reader of --help has gone
        discard(sys.stdout)
        return Exit.OK
    except OSError as error:
        said, code = f"{error.filename or 'the output'}: {error.strerror or error}", Exit.USAGE
    except (KeyboardInterrupt, click.Abort):
        said, code = "interrupted", Exit.INTERRUPTED
    Screen(as_json=True).say(said, style="red")
    return code


def _listen_to_signals() -> None:
    """Handle SIGINT, which shells ignore for background jobs, and SIGTERM, with which CI systems end a job."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: object) -> None:
    raise Terminated


if __name__ == "__main__":
    _listen_to_signals()
    sys.exit(main())
