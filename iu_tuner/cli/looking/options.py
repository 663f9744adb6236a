"""The options of the commands that show results on images, and the labels that they choose."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from iu_tuner.cli.aws.model import ModelReader
from iu_tuner.cli.aws.stack import StackOptions
from iu_tuner.cli.options.groups import deployment_options
from iu_tuner.cli.options.input_flags import checked_model_arn
from iu_tuner.exit_codes import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])
ASSUMED = "assumed"


def looking_options(command: Command) -> Command:
    """Add the options of a command that shows results on images."""
    for option in (
        deployment_options,
        click.option(
            "--exif",
            type=click.Choice(["applied", "raw"]),
            default="applied",
            show_default=True,
            help="Boxes are of the image turned as EXIF says, or as it is stored.",
        ),
        click.option("--labels", "names", multiple=True, metavar="LABEL", help="Only this label; can be repeated."),
        click.option("--threshold", type=float, metavar="0..100", help="Least confidence of a label. (Default: 0.)"),
        click.option(
            "--results",
            metavar="PATH[:FORMAT]",
            help="A folder or s3:// prefix of <key>.json, or detections .jsonl. (Default: beside the images.)",
        ),
        click.argument("images", nargs=-1, required=True, metavar="IMAGES..."),
    ):
        command = option(command)
    return command


def thresholds_options(command: Command) -> Command:
    """Add the options of a threshold for each label."""
    for option in (
        click.option(
            "--model", metavar="ARN", help="The model of --thresholds assumed. (Default: as the results say.)"
        ),
        click.option(
            "--thresholds",
            metavar="assumed|FILE",
            help="A threshold for each label: the model's assumed ones, or those of its training's summary file.",
        ),
    ):
        command = option(command)
    return command


def missing_package_error(command: str, error: ModuleNotFoundError) -> UsageError:
    """The error of a command that lacks a package of the extra."""
    return UsageError(f"{command} needs the package {error.name}: pip install '.[vision]'")


def selection(
    threshold: float | None,
    thresholds: str | None,
    model: str | None,
    names: tuple[str, ...],
    stack_options: StackOptions,
    of_results: Callable[[], str | None],
) -> Any:
    """Which labels are shown. `of_results` finds the model where none is named.

    Raises:
        UsageError: an option is wrong.
        ClientError: AWS refuses the model's thresholds.
    """
    from iu_tuner.vision.drawing.selection import Selection

    if threshold is not None and not (math.isfinite(threshold) and 0 <= threshold <= 100):
        raise UsageError(f"--threshold: got {threshold:g}; takes 0 to 100, as the service does")
    if threshold is not None and thresholds is not None:
        raise UsageError("--threshold and --thresholds: takes one of them")
    if model is not None and thresholds != ASSUMED:
        raise UsageError("--model: takes --thresholds assumed beside it")
    if thresholds is None:
        return Selection(threshold or 0.0, names=names)
    if thresholds != ASSUMED:
        from iu_tuner.vision.compare_files import read_assumed_thresholds

        return Selection(by_label=read_assumed_thresholds(Path(thresholds)), names=names)
    if (model := model or of_results()) is None:
        raise UsageError("--thresholds assumed: takes --model ARN beside it, as the results name no model")
    arn = checked_model_arn(model)
    labels = ModelReader.open(stack_options.with_region_of(arn)).evaluation(arn).labels
    return Selection(by_label={each.name: each.threshold or 0.0 for each in labels}, names=names)
