"""`iu-tuner compare`: models against one truth, with intervals, as `compare.json` and `compare.html`."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from iu_tuner.cli.options.groups import examples
from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import Exit, UsageError

Value = TypeVar("Value")
FILE = click.Path(path_type=Path)


def _model_option(option: str, help_: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    metavar = "NAME=FILE" if "FILE" in help_ else "NAME=NUMBER"
    return click.option(option, multiple=True, metavar=metavar, help=help_)


@click.command(
    epilog=examples(
        "iu-tuner compare --truth test.manifest --predictions A=results/ \\",
        "    --predictions B=b.json:coco --out comparison/",
        then="Exit codes: 0 done, and all assertions hold; 1 one does not; 2 wrong usage or input.",
    )
)
@click.option("--truth", required=True, metavar="PATH", help="A manifest (PATH#ATTRIBUTE) or a COCO data set (.json).")
@click.option(
    "--predictions",
    multiple=True,
    required=True,
    metavar="NAME=PATH[:FORMAT]",
    help="A model. FORMAT: results, detections, coco, tensorflow or manifest.",
)
@_model_option("--threshold", "The model's threshold of confidence, 0 to 100.")
@_model_option("--assumed", "FILE is the summary of the model's training, with the assumed thresholds.")
@_model_option("--class-map", 'FILE is JSON like {"1": "bee"}: class number or name to class.')
@click.option("--iou", default=0.5, show_default=True, help="Overlap from which a box is right.")
@click.option("--missing-as-empty", is_flag=True, help="An image without predictions is one without detections.")
@click.option("--ignore-other-images", is_flag=True, help="Leave out predictions for images that are not in the truth.")
@click.option("--cost-miss", type=float, metavar="USD", help="Dollars of one missed object.")
@click.option("--cost-false-alarm", type=float, metavar="USD", help="Dollars of one false alarm.")
@_model_option("--run", "FILE is the output of a run that measured the model: its rate, price and latency.")
@_model_option("--tps", "Requests per second that one unit or endpoint carries.")
@_model_option("--price-per-hour", "Dollars an hour of one unit or endpoint.")
@click.option("--always-on", multiple=True, metavar="NAME", help="The model is paid by the month, not by use.")
@_model_option("--training-hours", "How long the training took.")
@_model_option("--training-usd", "What the training cost.")
@click.option("--images", type=FILE, metavar="FOLDER", help="The image files, to be shown on the page.")
@click.option(
    "--assert", "assertions", multiple=True, metavar="EXPRESSION", help='Like "f1[bee].difference.low>0": else exit 1.'
)
@click.option("--out", type=FILE, required=True, metavar="DIR", help="Where compare.json and compare.html go.")
def compare(
    truth: str,
    predictions: tuple[str, ...],
    iou: float,
    missing_as_empty: bool,
    ignore_other_images: bool,
    cost_miss: float | None,
    cost_false_alarm: float | None,
    always_on: tuple[str, ...],
    images: Path | None,
    assertions: tuple[str, ...],
    out: Path,
    **of_models: tuple[str, ...],
) -> int:
    """Compare models on the same images with a truth: precision, recall, F1, average precision, errors, cost."""
    try:
        from iu_tuner.vision.compare.assertion import Assertion
        from iu_tuner.vision.compare_files import Request, compare_files, write
        from iu_tuner.vision.statistics.thresholds import ErrorCosts
    except ModuleNotFoundError as error:
        raise UsageError(f"compare needs the package {error.name}: pip install '.[vision]'") from None
    parsed_assertions = [Assertion.parse(each) for each in assertions]
    if not 0 < iou <= 1:
        raise UsageError(f"--iou: got {iou}; takes a number above 0, at most 1")
    if images is not None and not images.is_dir():
        raise UsageError(f"--images: there is no folder {images}")
    error_costs = None
    if cost_miss is not None or cost_false_alarm is not None:
        error_costs = ErrorCosts(
            *(_dollars(*each) for each in (("--cost-miss", cost_miss), ("--cost-false-alarm", cost_false_alarm)))
        )
    models = _models(predictions, of_models, always_on)
    request = Request(truth, models, iou, missing_as_empty, ignore_other_images, error_costs, images)
    gc.disable()  # hundreds of thousands of boxes hold no cycles, and looking for some takes a fifth of the time
    try:
        result = compare_files(request)
    except UsageError as error:  # several errors are several lines
        *first_lines, last_line = str(error).splitlines()
        for line in first_lines:
            click.echo(line, err=True)
        raise UsageError(last_line) from None
    finally:
        gc.enable()
    write(result, out, images)
    for line in result.sentences:
        click.echo(line, err=True)
    click.echo(result.output["verdict"])
    click.echo(str(out / "compare.html"))
    failures = [each for each in (assertion.failure(result.output) for assertion in parsed_assertions) if each]
    for failure in failures:
        click.echo(failure, err=True)
    return Exit.ASSERTION if failures else Exit.OK


def _models(predictions: Iterable[str], of_models: dict[str, tuple[str, ...]], always_on: tuple[str, ...]) -> Any:
    from iu_tuner.vision.compare.money import RunningCosts
    from iu_tuner.vision.compare_files import ModelFiles

    paths = _by_model("--predictions", predictions, str)
    numbers = {
        option: _by_model(f"--{option.replace('_', '-')}", of_models[option], _number, paths)
        for option in ("threshold", "tps", "price_per_hour", "training_hours", "training_usd")
    }
    files = {
        option: _by_model(f"--{option.replace('_', '-')}", of_models[option], Path, paths)
        for option in ("assumed", "class_map", "run")
    }
    for name, threshold in numbers["threshold"].items():
        if threshold > 100:
            raise UsageError(f"--threshold: got {name}={threshold:g}; takes 0 to 100, as the service does")
    for name in always_on:
        if name not in paths:
            raise UsageError(f"--always-on: got {quoted(name)}; takes a NAME of --predictions: {', '.join(paths)}")
    return {
        name: ModelFiles(
            predictions=path,
            threshold=numbers["threshold"].get(name),
            assumed_file=files["assumed"].get(name),
            class_map_file=files["class_map"].get(name),
            run_file=files["run"].get(name),
            running_costs=RunningCosts(
                usd_per_hour=numbers["price_per_hour"].get(name),
                tps=numbers["tps"].get(name),
                is_always_on=name in always_on,
                training_hours=numbers["training_hours"].get(name),
                training_usd=numbers["training_usd"].get(name),
            ),
        )
        for name, path in paths.items()
    }


def _by_model(
    option: str, texts: Iterable[str], convert: Callable[[str], Value], model_names: Iterable[str] | None = None
) -> dict[str, Value]:
    """NAME=VALUE of an option, by name. Raises UsageError for a name that is not known, or is there twice."""
    values: dict[str, Value] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (equals and name.strip() and value):
            raise UsageError(f"{option}: got {quoted(text)}; takes NAME=VALUE")
        if model_names is not None and name not in model_names:
            raise UsageError(f"{option}: got {quoted(name)}; takes a NAME of --predictions: {', '.join(model_names)}")
        if name in values:
            raise UsageError(f"{option}: got {quoted(name)} twice; takes one for each model")
        try:
            values[name] = convert(value)
        except ValueError:
            raise UsageError(f"{option}: got {quoted(text)}; takes NAME=NUMBER, of at least 0") from None
    return values


def _number(text: str) -> float:
    number = float(text)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError
    return number


def _dollars(option: str, value: float | None) -> float:
    if value is None or not math.isfinite(value) or value < 0:
        raise UsageError(f"{option}: got {value}; takes a number of at least 0, together with the other cost")
    return value
