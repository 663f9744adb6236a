"""How far a run has come: what was seen of its model, and what became of its images and of the scaling check."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lambdas.images.image import SkippedImage
from lambdas.models.timeline import Timeline


@dataclass(frozen=True)
class Progress(Timeline):
    """The timeline of the run's model, and what the run itself has found."""

    refused_images: tuple[SkippedImage, ...] = ()
    inference_units: int | None = None  # that it was seen RUNNING with, whoever started it
    auto_scales_to: int | None = None
    probe_number: int = 0  # of the step that is the probe
    scaling_error: str | None = None  # why there is no second measurement, or no whole one

    def restarting(self, units: int, *, probe_number: int, now: float) -> Progress:
        """Before the model is made to run with other inference units, for a second measurement."""
        return replace(
            self,
            units_wanted=units,
            probe_number=probe_number,
            start_attempts=0,
            first_look_at=None,
            last_look_at=now,
            starting_at=None,
        )
