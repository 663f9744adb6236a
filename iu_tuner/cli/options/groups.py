"""The options that several commands share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from iu_tuner.cli.aws.stack import StackOptions
from iu_tuner.cli.options.arguments import Minutes
from iu_tuner.cli.outcome.assertions import Assertion
from iu_tuner.cli.outcome.outcome import OutputOptions
from iu_tuner.contract.names import STACK
from iu_tuner.exit_codes import UsageError

PROGRAM = "iu-tuner"
Command = TypeVar("Command", bound=Callable[..., Any])
EXIT_CODES = (
    "Exit codes: 0 the answer is there and all assertions hold; 1 an assertion does not hold; 2 wrong usage or input, "
    "nothing was started; 3 the run failed; 4 another run holds the model; 5 --timeout passed; 6 AWS could not be "
    "reached or refused; 7 the model was not seen settled, and may cost money; 130 interrupted."
)


def examples(*lines: str, then: str = "") -> str:
    """A command's epilog for --help: a line for each example, and what follows them."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines), *(["", then] if then else ())])


def deployment_options(command: Command) -> Command:
    """Add the options that say where the tuner is deployed. The command gets them as `stack_options`."""

    @functools.wraps(command)
    def with_stack_options(
        *, stack: str, region: str | None, profile: str | None, endpoint_url: str | None, **others: Any
    ) -> Any:
        return command(stack_options=StackOptions(stack, region, profile, endpoint_url), **others)

    decorated: Any = with_stack_options
    for option in (
        click.option("--endpoint-url", help="An embedded AWS. (Default: AWS_ENDPOINT_URL, else AWS.)"),
        click.option("--profile", help="A profile of your AWS configuration."),
        click.option("--region", help="Default: the Region in the ARN."),
        click.option("--stack", default=STACK, show_default=True, help="Name of the deployed stack."),
    ):
        decorated = option(decorated)
    return cast(Command, decorated)


def outcome_options(command: Command) -> Command:
    """Add the options of a command that waits for the end of a run. The command gets them as `options`, checked."""

    @functools.wraps(command)
    def with_options(
        *,
        assertions: tuple[str, ...],
        as_json: bool,
        junit: Path | None,
        report: Path | None,
        timeout: float | None,
        **others: Any,
    ) -> Any:
        for name, path in (("junit", junit), ("report", report)):
            if path is not None and not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
                raise UsageError(f"--{name}: there is no folder {path.parent} that can be written to")
        parsed_assertions = tuple(Assertion.parse(text) for text in assertions)
        options = OutputOptions(parsed_assertions, junit, report, timeout and 60 * timeout, as_json)
        return command(options=options, **others)

    decorated: Any = with_options
    for option in (
        click.option(
            "--timeout", type=Minutes(), metavar="MINUTES", help="Stop after so long, safely (follow: stop following)."
        ),
        click.option(
            "--junit", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write JUnit XML."
        ),
        click.option(
            "--report",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Save the report there; that of a batch with pictures, if the extra `vision` is installed.",
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
        decorated = option(decorated)
    return cast(Command, decorated)
