"""`iu-tuner draw`: images with the boxes of their results."""

from __future__ import annotations

from pathlib import Path

import click

from iu_tuner.cli.aws.stack import StackOptions
from iu_tuner.cli.looking.inputs import inputs
from iu_tuner.cli.looking.options import looking_options, missing_package_error, selection, thresholds_options
from iu_tuner.cli.options.groups import examples
from iu_tuner.exit_codes import Exit, UsageError
from iu_tuner.formats import count, one_line


@click.command(
    epilog=examples(
        "iu-tuner draw photos/ --results results/ --threshold 99.4 --out boxed/",
        "iu-tuner draw s3://mine/bees/ --thresholds summary.json --out boxed/",
        then="Exit codes: 0 at least one image is drawn; 1 none could be drawn; 2 wrong usage; 6 AWS refused.",
    )
)
@looking_options
@thresholds_options
@click.option("--font", metavar="FILE", help="A TrueType font, for labels in scripts that Pillow's own lacks.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, metavar="DIR")
def draw(
    images: tuple[str, ...],
    results: str | None,
    threshold: float | None,
    thresholds: str | None,
    model: str | None,
    names: tuple[str, ...],
    exif: str,
    font: str | None,
    out: Path,
    stack_options: StackOptions,
) -> int:
    """Draw results on IMAGES: files, folders or s3:// prefixes. The images in DIR have the size of the originals."""
    try:
        from iu_tuner.vision.drawing.cores import on_all_cores
        from iu_tuner.vision.drawing.job import draw as draw_one
        from iu_tuner.vision.drawing.painting import check_font
        from iu_tuner.vision.drawing.plan import Plan
    except ModuleNotFoundError as error:
        raise missing_package_error("draw", error) from None
    if font is not None:
        try:
            check_font(font)
        except OSError as error:
            raise UsageError(f"--font: got {font}; takes a TrueType or OpenType file ({error})") from None
    drawn_images, drawn_labels = 0, 0
    with inputs(images, results, out, stack_options) as (files, found_results):
        plan = Plan(
            files, found_results, selection(threshold, thresholds, model, names, stack_options, found_results.model_arn)
        )
        jobs = plan.jobs(out, is_upright=exif == "applied", font=font)
        for drawn_image in on_all_cores(draw_one, jobs):
            for sentence in drawn_image.sentences:
                click.echo(one_line(f"{drawn_image.name}: {sentence}"), err=True)
            if drawn_image.out is not None:
                drawn_images, drawn_labels = drawn_images + 1, drawn_labels + drawn_image.labels.total()
                click.echo(one_line(f"{drawn_image.out}: {label_counts(drawn_image.labels)}"))
        for sentence in plan.notes():
            click.echo(one_line(sentence), err=True)
    click.echo(f"{count(drawn_images, 'image')} of {len(files):,} drawn, {count(drawn_labels, 'label')}")
    return Exit.OK if drawn_images else Exit.ASSERTION


def label_counts(counts: dict[str, int]) -> str:
    """How often each label is there: `15 bee, 1 wasp`."""
    return ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items())) or "no label"
