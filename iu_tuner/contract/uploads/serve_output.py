"""The output of a run that started a model for uploads. Its JSON is the public interface."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from iu_tuner.contract.output.json_values import PRESENT_WITH
from iu_tuner.contract.output.result import LeaseHolder, ModelOutput
from iu_tuner.formats import count, tps

ServeVerdict = Literal["served", "limit-reached", "skipped"]


@dataclass(frozen=True)
class ServedImages:
    """The number of images with a new result, of dead letters, and of messages that wait for the next start.

    `waiting` is that of SQS, which is approximate on AWS.
    """

    done: int
    failed: int
    waiting: int


@dataclass(frozen=True)
class FailedImages:
    """The number of images with one error, the key of the last of them, and the service's message about it."""

    error: str
    images: int
    key: str
    message: str


@dataclass(frozen=True)
class ServeCost:
    """The model's cost in USD, also for 1,000 images; null without an image."""

    run_usd: float
    usd_per1000_images: float | None


@dataclass(frozen=True, kw_only=True)
class ServeOutput:
    """The output. `failures` are those of `images.failed` by kind, the most frequent first; `tps` are images per second
    until the last one. A skipped run has `held_by`, and no model."""

    run_id: str
    task: Literal["serve"] = field(default="serve")
    model_arn: str
    prefix: str
    verdict: ServeVerdict
    verdict_detail: str
    images: ServedImages
    failures: tuple[FailedImages, ...] = ()
    tps: float | None
    inference_units: int | None
    model: ModelOutput | None
    cost: ServeCost | None
    report_uri: str | None = field(default=None, metadata={PRESENT_WITH: "model"})
    warnings: tuple[str, ...] | None = None
    held_by: LeaseHolder | None = None

    @property
    def sentence(self) -> str:
        """The images, the rate and the cost in one sentence."""
        if self.verdict == "skipped":
            return self.verdict_detail
        images, cost = self.images, self.cost
        rate_text = f" at {tps(self.tps)} images/s" if self.tps is not None else ""
        cost_text = f" for ${cost.run_usd:,.2f}" if cost else ""
        other_counts = [f"{images.failed:,} failed"] if images.failed else []
        other_counts += [f"{images.waiting:,} wait for the next start"] if images.waiting else []
        others = f"; {', '.join(other_counts)}" if other_counts else ""
        return f"{count(images.done, 'upload')} analysed{rate_text}{cost_text}{others}."
