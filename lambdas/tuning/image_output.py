"""The images in a run's output: which were sent, which were skipped, and cautions about them."""

from __future__ import annotations

from iu_tuner.contract.output.result import ImagesOutput, SkippedOutput
from lambdas.images.coverage import image_cautions
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run


def cautions_of(run: Run, refused: int) -> tuple[str, ...]:
    """Cautions about a run with few of the user's images, as clauses; the model refused `refused` of those chosen."""
    if run.images_counted is None:
        return ()
    return image_cautions(
        run.images_counted, object_count=run.images_found, chosen_count=len(run.images), refused_count=refused
    )


def images_row(run: Run, progress: Progress) -> ImagesOutput:
    """`images` of the output."""
    refused = {image.key for image in progress.refused_images}
    counted_images = run.images_counted
    return ImagesOutput(
        prefix=counted_images.prefix if counted_images else None,
        listing_cut=counted_images.listing_was_cut if counted_images else None,
        found=run.images_found,
        used=len(run.images) - len(refused),
        skipped_total=run.images_skipped + len(refused),
        skipped=tuple(SkippedOutput(image.key, image.reason) for image in (*run.skipped, *progress.refused_images)),
    )
