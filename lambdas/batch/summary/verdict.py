"""How a batch ended, in one word and one sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from iu_tuner.contract.batch.output import BatchImages, BatchVerdict, DeadlineOutput
from iu_tuner.formats import count, iso


@dataclass(frozen=True)
class Ending:
    """The time of the last result and the deadline (epoch seconds), and why images are left, if any are."""

    finished_at: float
    deadline_at: float | None = None
    left_because: str | None = None

    @property
    def deadline(self) -> DeadlineOutput | None:
        """The deadline in the output."""
        if self.deadline_at is None:
            return None
        spare_minutes = round((self.deadline_at - self.finished_at) / 60, 1)
        is_met = self.finished_at <= self.deadline_at
        return DeadlineOutput(str(iso(self.deadline_at)), str(iso(self.finished_at)), is_met, spare_minutes)

    @property
    def is_late(self) -> bool:
        """Whether the last result came after the deadline."""
        return self.deadline_at is not None and self.finished_at > self.deadline_at


def verdict_of(images: BatchImages, ending: Ending) -> tuple[BatchVerdict, str]:
    """The verdict and its sentence."""
    late_text = ""
    if ending.is_late and ending.deadline is not None:
        late_text = f"; the last result came {-ending.deadline.spare_minutes:g} minutes after the deadline"
    if images.left:
        reason = ending.left_because or "the run ended before they were processed"
        return "partial", f"{count(images.left, 'image')} left: {reason}; run again with resume{late_text}."
    if images.failed:
        done = images.done + images.current
        return (
            "partial",
            f"{done:,} of {count(images.listed, 'image')} have a result, {images.failed:,} failed{late_text}.",
        )
    if not images.done:
        images_text = f"all {images.listed:,} images have a current result" if images.listed else "no image was found"
        return "nothing-to-do", f"There is nothing to do: {images_text}; the model costs nothing."
    if late_text:
        return "deadline-missed", f"All {count(images.listed, 'image')} have a result{late_text}."
    return "complete", f"All {count(images.listed, 'image')} have a result."
