"""Live uploads beside a batch on the same model, in virtual time: they wait for less than two seconds."""

from __future__ import annotations

import math
from random import Random

import pytest

from bench.pacer import Case
from bench.tables import percentile
from lambdas.batch.next_round import IMAGES_PER_SECOND_PER_WORKER
from lambdas.processing.first_pace import first_pace
from simulation.pacing.paced_batch import Batch, run_batch
from simulation.unsteady import Around, Tempo, UnsteadyService

SECONDS, FIRST_S, LAST_S = 150.0, 10.0, 140.0  # of a run; of its uploads


def _beside(limiter: str, size: tuple[float, int], share: float, workers: int) -> tuple[Batch, int, float]:
    """A batch beside uploads that come at random at this share of the model's rate, their number, and the rate."""
    case, random, uploads = Case("measured", limiter, size, 0.0, 7), Random("uploads"), [FIRST_S]
    tps = case.truth.true_tps(1)
    while uploads[-1] < LAST_S:
        uploads.append(uploads[-1] + random.expovariate(share * tps))
    pace, service = first_pace(size[1], case.measured()), UnsteadyService(case.truth, Around(Tempo()))
    return run_batch(service, pace, SECONDS, workers=workers, uploads=uploads), len(uploads), tps


@pytest.mark.parametrize(
    ("limiter", "size", "share"),
    [
        ("token bucket", (2.0, 1), 0.1),
        ("token bucket", (5.0, 1), 0.4),
        ("pool with a queue", (12.5, 1), 0.05),
        ("token bucket", (12.5, 1), 0.4),
        ("token bucket", (25.0, 2), 0.3),
    ],
)
def test_uploads_wait_for_less_than_two_seconds_and_all_slots_are_used(
    limiter: str, size: tuple[float, int], share: float
) -> None:
    workers = math.ceil(size[0] * size[1] / IMAGES_PER_SECOND_PER_WORKER)  # as many as the batch has at this rate
    batch, uploads, tps = _beside(limiter, size, share, workers)

    done = batch.between(0, SECONDS)
    assert len(batch.waits) == uploads
    assert percentile(batch.waits, 95) <= 2.0
    assert done["accepted"] >= 0.98 * tps * SECONDS
    assert done["throttled"] <= 0.005 * done.total()


@pytest.mark.parametrize("limiter", ["token bucket", "fixed window", "sliding window"])
def test_few_uploads_without_a_measurement_are_not_throttled_often(limiter: str) -> None:
    """A slow start at 1 request/s finds the model's 5 within these images."""
    case, images = Case("unmeasured", limiter, (5.0, 1), None, 3), 60
    service = UnsteadyService(case.truth, Around(Tempo()))

    sent = run_batch(service, first_pace(1, None), 60.0, workers=0, uploads=[0.0] * images)

    assert len(sent.waits) == images
    assert sent.between(0, 60)["throttled"] <= 0.1 * images


@pytest.mark.parametrize("rate", [2.0, 12.5, 50.0])
def test_more_uploads_than_the_model_carries_leave_the_batch_a_quarter_of_each_half_minute(rate: float) -> None:
    batch, _, tps = _beside("token bucket", (rate, 1), 2.0, 1)

    own = [sum(batch.batch_seconds[second] for second in range(at, at + 30)) for at in range(10, 110, 10)]
    assert min(own) >= 0.25 * 30 * tps
    assert batch.between(10, 130)["accepted"] >= 0.97 * 120 * tps
