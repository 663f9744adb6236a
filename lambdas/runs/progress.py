"""The progress of a run: its model's timeline, the images that the model refused, and the scaling check."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lambdas.images.image import SkippedImage
from lambdas.models.timeline import Timeline


@dataclass(frozen=True)
class Progress(Timeline):
    """The timeline of the run's model, and what the run itself has learned so far."""

    refused_images: tuple[SkippedImage, ...] = ()
    inference_units: int | None = None  # that the model was RUNNING with, started by this run or not
    auto_scales_to: int | None = None
    probe_number: int = 0  # number of the step that is the probe
    scaling_error: str | None = None  # why the second measurement is missing or incomplete

    def restarting(self, units: int, *, probe_number: int, now: float) -> Progress:
        """The progress before the model is restarted with `units` inference units for a second measurement."""
        return replace(
            self,
            units_wanted=units,
            probe_number=probe_number,
            start_attempts=0,
            first_look_at=None,
            last_look_at=now,
            starting_at=None,
        )
