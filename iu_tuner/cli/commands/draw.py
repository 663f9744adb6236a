"""`iu-tuner draw`: images with the boxes of their results."""

from __future__ import annotations

from pathlib import Path

import click

from iu_tuner.cli.aws.stack import Where
from iu_tuner.cli.looking.inputs import inputs
from iu_tuner.cli.looking.options import looking_options, needs_vision, selection, thresholds_options
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
    where: Where,
) -> int:
    """Draw results on IMAGES: files, folders or s3:// prefixes. The images in DIR have the size of the originals."""
    try:
        from iu_tuner.vision.drawing.cores import on_all_cores
        from iu_tuner.vision.drawing.job import draw as draw_one
        from iu_tuner.vision.drawing.painting import check_font
        from iu_tuner.vision.drawing.plan import Plan
    except ModuleNotFoundError as error:
        raise needs_vision("draw", error) from None
    if font is not None:
        try:
            check_font(font)
        except OSError as error:
            raise UsageError(f"--font: got {font}; takes a TrueType or OpenType file ({error})") from None
    drawn, labels = 0, 0
    with inputs(images, results, out, where) as (files, found):
        plan = Plan(files, found, selection(threshold, thresholds, model, names, where, found.model_arn))
        jobs = plan.jobs(out, is_upright=exif == "applied", font=font)
        for each in on_all_cores(draw_one, jobs):
            for sentence in each.sentences:
                click.echo(one_line(f"{each.name}: {sentence}"), err=True)
            if each.out is not None:
                drawn, labels = drawn + 1, labels + each.labels.total()
                click.echo(one_line(f"{each.out}: {in_words(each.labels)}"))
        for sentence in plan.notes():
            click.echo(one_line(sentence), err=True)
    click.echo(f"{count(drawn, 'image')} of {len(files):,} drawn, {count(labels, 'label')}")
    return Exit.OK if drawn else Exit.ASSERTION


def in_words(labels: dict[str, int]) -> str:
    """How often each label is there: `15 bee, 1 wasp`."""
    return ", ".join(f"{number:,} {name}" for name, number in sorted(labels.items())) or "no label"
