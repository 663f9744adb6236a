"""`iu-tuner gallery`: one offline page of images with boxes, and a slider for the threshold."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from iu_tuner.cli.aws.stack import StackOptions
from iu_tuner.cli.looking.inputs import inputs
from iu_tuner.cli.looking.options import looking_options, missing_package_error, selection
from iu_tuner.cli.options.groups import examples
from iu_tuner.exit_codes import Exit
from iu_tuner.formats import count, one_line


@click.command(
    epilog=examples(
        "iu-tuner gallery photos/ --results results/ --out gallery.html",
        "iu-tuner gallery s3://my-images/bees/ --threshold 90 --out gallery.html",
        then="Exit codes: 0 the page has at least one image; 1 none could be shown; 2 wrong usage; 6 AWS refused.",
    )
)
@looking_options
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE")
def gallery(
    images: tuple[str, ...],
    results: str | None,
    threshold: float | None,
    names: tuple[str, ...],
    exif: str,
    out: Path,
    stack_options: StackOptions,
) -> int:
    """Make a page of IMAGES (files, folders or s3:// prefixes) with their results and a slider for the threshold.

    60 images are on a page of about 6 MB; more become further pages, FILE-2.html and so on.
    """
    try:
        from iu_tuner.vision.drawing.cores import on_all_cores
        from iu_tuner.vision.drawing.plan import Plan
        from iu_tuner.vision.gallery.pages import write
        from iu_tuner.vision.gallery.shots import shot
    except ModuleNotFoundError as error:
        raise missing_package_error("gallery", error) from None
    with inputs(images, results, None, stack_options) as (files, found_results):
        label_selection = selection(threshold, None, None, names, stack_options, found_results.model_arn)
        plan = Plan(files, found_results, label_selection)
        shots = on_all_cores(partial(shot, is_upright=exif == "applied"), plan.images_with_results())
        written_gallery = write(shots, out, label_selection.threshold, f"Results: {results or 'beside the images'}.")
        for sentence in (*written_gallery.sentences, *plan.notes()):
            click.echo(one_line(sentence), err=True)
    for page in written_gallery.pages:
        click.echo(one_line(str(page)))
    click.echo(
        f"{count(written_gallery.images, 'image')} of {len(files):,} shown, {count(written_gallery.total, 'label')}"
    )
    return Exit.OK if written_gallery.pages else Exit.ASSERTION
