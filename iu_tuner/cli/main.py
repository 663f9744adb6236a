"""The group of all commands, and the exit code that a command line ends with."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from iu_tuner.cli.commands.compare import compare
from iu_tuner.cli.commands.draw import draw
from iu_tuner.cli.commands.follow import follow
from iu_tuner.cli.commands.gallery import gallery
from iu_tuner.cli.commands.history import history
from iu_tuner.cli.commands.manifest import manifest
from iu_tuner.cli.commands.process import process
from iu_tuner.cli.commands.queue import queue
from iu_tuner.cli.commands.results import results
from iu_tuner.cli.commands.run import run
from iu_tuner.cli.commands.status import status
from iu_tuner.cli.commands.thresholds import thresholds
from iu_tuner.cli.options.arguments import refuse_empty_options
from iu_tuner.cli.options.groups import EXIT_CODES, PROGRAM, examples
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.contract.names import VERSION
from iu_tuner.exit_codes import ClientError, Exit
from iu_tuner.streams import discard, prepare_streams

_EXAMPLES = examples(
    "iu-tuner run $MODEL_ARN --average-tps 6 --peak-tps 15", "iu-tuner COMMAND --help", then=EXIT_CODES
)


@click.group(epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, message="%(prog)s %(version)s")
def cli() -> None:
    """Measures how many requests per second an inference unit of a model carries."""


for command in (compare, draw, follow, gallery, history, manifest, process, queue, results, run, status, thresholds):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client with `arguments`, or with those of the command line. Returns the exit code."""
    sentence: str
    prepare_streams()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        refuse_empty_options(arguments)
        return int(cli(arguments, prog_name=PROGRAM, standalone_mode=False) or 0)
    except click.ClickException as error:
        with suppress(OSError):  # the reader of stderr has gone
            error.show()
        return Exit.USAGE
    except ClientError as error:
        sentence, code = str(error), error.code
    except SystemExit:  # click raises it if the reader of --help has gone
        discard(sys.stdout)
        return Exit.OK
    except OSError as error:
        sentence, code = f"{error.filename or 'the output'}: {error.strerror or error}", Exit.USAGE
    except (KeyboardInterrupt, click.Abort):
        sentence, code = "interrupted", Exit.INTERRUPTED
    Screen(as_json=True).say(sentence, style="red")
    return code
