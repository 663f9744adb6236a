"""`iu-tuner results`: the labels of uploaded images from a threshold on. A change of the threshold costs nothing."""

from __future__ import annotations

import csv
import sys

import click
from rich import box
from rich.table import Table
from rich.text import Text

from iu_tuner.cli.aws.s3.upload_results import UploadResults
from iu_tuner.cli.aws.stack import StackOptions, find_deployment
from iu_tuner.cli.aws.uploads import UploadQueue
from iu_tuner.cli.models.labels import CSV_HEAD
from iu_tuner.cli.options.groups import deployment_options, examples
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import plain
from iu_tuner.exit_codes import Exit, UsageError
from iu_tuner.formats import count

_EXAMPLES = examples(
    "iu-tuner results test_images/ --threshold 90", "iu-tuner results test_images/ --threshold 90 --csv > labels.csv"
)


@click.command(epilog=_EXAMPLES)
@click.argument("prefix")
@click.option("--threshold", type=click.FloatRange(0, 100), help="Least confidence. (Default: all labels kept.)")
@click.option("--csv", "as_csv", is_flag=True, help="A line for each label, as CSV to stdout.")
@click.option("--json", "as_json", is_flag=True, help="The images and their labels as JSON, to stdout.")
@deployment_options
def results(prefix: str, threshold: float | None, as_csv: bool, as_json: bool, stack_options: StackOptions) -> int:
    """The labels of the images uploaded under PREFIX."""
    if as_csv and as_json:
        raise UsageError("--csv: got --json, too; takes one of them")
    screen = Screen(as_json=as_csv or as_json)
    queue = UploadQueue.of(find_deployment(stack_options), prefix)
    entry = queue.entry
    kept_from = entry.min_confidence if entry.keep_from is None else entry.keep_from
    if threshold is not None and kept_from is not None and threshold < kept_from:
        screen.say(f"The results have labels from {kept_from:g} on: keepFrom says what is kept.", style="yellow")
    images = [image.at_least(threshold or 0.0) for image in UploadResults(queue, prefix).labels()]
    if as_csv:
        rows = csv.writer(sys.stdout, lineterminator="\n")
        rows.writerow(CSV_HEAD)
        rows.writerows(row for image in images for row in image.rows())
        return Exit.OK
    table = Table("image", "labels", "highest confidence", box=box.SIMPLE_HEAD)
    for image in images:
        best_label = max(image.labels, key=lambda label: label.confidence, default=None)
        table.add_row(
            plain(image.key),
            str(len(image.labels)),
            f"{plain(best_label.name)} {best_label.confidence:.2f}" if best_label else "-",
        )
    screen.tell(table, Text(f"{count(len(images), 'result')} under {plain(prefix)}"))
    if as_json:
        screen.put_json([image.as_json() for image in images])
    return Exit.OK
