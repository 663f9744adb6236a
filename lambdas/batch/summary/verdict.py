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
        spare = round((self.deadline_at - self.finished_at) / 60, 1)
        met = self.finished_at <= self.deadline_at
        return DeadlineOutput(str(iso(self.deadline_at)), str(iso(self.finished_at)), met, spare)

    @property
    def is_late(self) -> bool:
        """Whether the last result came after the deadline."""
        return self.deadline_at is not None and self.finished_at > self.deadline_at


def verdict_of(images: BatchImages, ending: Ending) -> tuple[BatchVerdict, str]:
    """The verdict and its sentence."""
    late = ""
    if ending.is_late and ending.deadline is not None:
        late = f"; the last result came {-ending.deadline.spare_minutes:g} minutes after the deadline"
    if images.left:
        why = ending.left_because or "the run ended before they were processed"
        return "partial", f"{count(images.left, 'image')} left: {why}; run again with resume{late}."
    if images.failed:
        done = images.done + images.current
        return "partial", f"{done:,} of {count(images.listed, 'image')} have a result, {images.failed:,} failed{late}."
    if not images.done:
        found = f"all {images.listed:,} images have a current result" if images.listed else "no image was found"
        return "nothing-to-do", f"There is nothing to do: {found}; the model costs nothing."
    if late:
        return "deadline-missed", f"All {count(images.listed, 'image')} have a result{late}."
    return "complete", f"All {count(images.listed, 'image')} have a result."
