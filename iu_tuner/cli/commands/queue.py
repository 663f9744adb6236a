"""`iu-tuner queue`: the queue of uploads: its state, its dead letters, images that were never analysed."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from rich.text import Text

from iu_tuner.cli.aws.model import ModelReader
from iu_tuner.cli.aws.s3.upload_results import UploadResults
from iu_tuner.cli.aws.stack import StackOptions, find_deployment
from iu_tuner.cli.aws.uploads import UploadQueue
from iu_tuner.cli.models.uploads import UploadStatus
from iu_tuner.cli.options.groups import deployment_options, examples
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import plain
from iu_tuner.exit_codes import Exit
from iu_tuner.formats import count

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


@click.group(
    epilog=examples(
        "iu-tuner queue status test_images/", "iu-tuner queue replay test_images/ --reason InternalServerError"
    )
)
def queue() -> None:
    """The queues of uploads, one for each prefix of the context key inference."""


@queue.command(epilog=examples("iu-tuner queue status test_images/", "iu-tuner queue status test_images/ --json"))
@click.argument("prefix")
@click.option("--json", "as_json", is_flag=True, help="The state as JSON, to stdout.")
@deployment_options
def status(prefix: str, as_json: bool, stack_options: StackOptions) -> int:
    """How many uploads under PREFIX wait, whether they are analysed now, how fast, and when they are done."""
    screen = Screen(as_json=as_json)
    deployment = find_deployment(stack_options)
    upload_queue = UploadQueue.of(deployment, prefix)
    arn = upload_queue.entry.model_arn
    state = UploadStatus(
        prefix=upload_queue.entry.prefix,
        counts=upload_queue.counts(),
        oldest_s=upload_queue.oldest_s(),
        gate=upload_queue.gate,
        model=ModelReader.of(deployment).status(arn),
        rate=deployment.tuner.pace(arn).tps,
        usd_per_unit_hour=deployment.tuner.usd_per_unit_hour,
    )
    screen.tell(*(Text(plain(sentence)) for sentence in state.sentences()))
    screen.put_json(state.as_json())
    return Exit.OK


@queue.command(
    epilog=examples(
        "iu-tuner queue replay test_images/", "iu-tuner queue replay test_images/ --reason InternalServerError"
    )
)
@click.argument("prefix")
@click.option("--reason", help="Only dead letters with this reason, such as InvalidImageFormatException.")
@deployment_options
def replay(prefix: str, reason: str | None, stack_options: StackOptions) -> int:
    """Move the dead letters of uploads under PREFIX back into the queue."""
    deployment = find_deployment(stack_options)
    moved_letters = UploadQueue.of(deployment, prefix).replay(reason)
    Screen(as_json=False).tell(Text(f"{count(moved_letters, 'dead letter')} moved back into the queue"))
    return Exit.OK


@queue.command(
    epilog=examples("iu-tuner queue backfill test_images/", "iu-tuner queue backfill test_images/ --since 2026-11-01")
)
@click.argument("prefix")
@click.option("--since", type=click.DateTime(_TIMES), help="Only images that were uploaded from this time (UTC) on.")
@deployment_options
def backfill(prefix: str, since: datetime | None, stack_options: StackOptions) -> int:
    """Put the images under PREFIX that have no current result into the queue."""
    deployment = find_deployment(stack_options)
    upload_queue = UploadQueue.of(deployment, prefix)
    keys = UploadResults(upload_queue, prefix).without_result(since.replace(tzinfo=UTC) if since else None)
    sent_images = upload_queue.send(keys)
    Screen(as_json=False).tell(Text(f"{count(sent_images, 'image')} without a current result put into the queue"))
    return Exit.OK
