"""The rules of the Locust script that AWS published for finding inference units, in virtual time.

10, 20, 40, 80 users for 30 s each; the figures of a step are those of its last sample, which averages
seconds 13 to 22. The ramp ends with the first step that shows failures; max TPS is requests per second
less failures per second. Its botocore setting `max_attempts: 1` means one retry that is not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from simulation.virtual_time import Service, Sleeper, run_until_done

USERS = (10, 20, 40, 80)
STEP_S = 30.0
GAP_S = 5.0
SAMPLE_SECONDS = range(13, 23)
OVERHEAD_S = 0.004  # CPU of a boto3 call through Locust


@dataclass(frozen=True)
class LocustRun:
    """What the script would print, and what it took."""

    max_tps: float
    load_s: float
    wall_s: float
    requests: int


def run_locust(service: Service, image_costs: Sequence[float], seed: int | str) -> LocustRun:
    """The whole ramp against one service."""
    random = Random(f"{seed}/locust")
    attempts, start_s, max_tps = Counter[str](), 0.0, 0.0
    load_s = 0.0
    for users in USERS:
        done: Counter[tuple[str, int]] = Counter()
        run_until_done(
            (start_s + number / users, _user(service, image_costs, random, start_s, done, attempts))
            for number in range(users)
        )
        passed = sum(done["accepted", second] for second in SAMPLE_SECONDS)
        failed = sum(done["failed", second] for second in SAMPLE_SECONDS)
        max_tps = passed / len(SAMPLE_SECONDS)
        start_s, load_s = start_s + STEP_S + GAP_S, load_s + STEP_S
        if failed:
            break
    return LocustRun(max_tps, load_s, start_s, attempts.total())


def _user(
    service: Service,
    image_costs: Sequence[float],
    random: Random,
    start_s: float,
    done: Counter[tuple[str, int]],
    attempts: Counter[str],
) -> Sleeper:
    """One user: a random image, at most two attempts, then at once the next, until the step's end."""
    now_s = yield 0.0
    while now_s < start_s + STEP_S:
        cost = random.choice(image_costs)
        for _ in range(2):
            kind, ready_s = service.offer(now_s, cost)
            attempts[kind] += 1
            now_s = yield ready_s + OVERHEAD_S
            if kind == "accepted" or now_s >= start_s + STEP_S:
                break
            now_s = yield now_s + random.random()
        done["accepted" if kind == "accepted" else "failed", int(now_s - start_s)] += 1
