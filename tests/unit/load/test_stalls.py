"""A worker that stalls: its seconds are left out, and what is left is not biased."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from random import Random
from statistics import fmean
from typing import Any

import pytest

from lambdas.capacity.rates import estimator
from lambdas.load.counts import StepCounts
from lambdas.load.heartbeat import STALL_S
from lambdas.load.step import StepPlan
from lambdas.runs.store_items import counts_of
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import REPOSITORY, running_simulated_model
from local.simulated_model.service import SimulatedService
from tests.unit.load.stalling import Stall, StallingClient

PLAN = StepPlan("ramp", 32, 1, 16, 16, 16)
STEADY: dict[str, dict[str, Any]] = {
    "bucket": {"tps_per_iu": 20, "burst_s": 1, "latency_mean_s": 0.2},
    "slow bucket": {"tps_per_iu": 5, "burst_s": 2, "latency_mean_s": 0.2},
    "slow answers": {"tps_per_iu": 20, "burst_s": 3, "latency_mean_s": 1.0},
    "window": {"tps_per_iu": 20, "limiter": "fixed_window", "window_s": 1, "latency_mean_s": 0.2},
    "pool": {"tps_per_iu": 16, "limiter": "executor_pool", "executors": 8, "latency_cv": 0.2, "queue_length": 4},
}
SEEDS = 12


def stalls_of(seed: int) -> list[Stall]:
    random = Random(seed)
    start_s = random.uniform(2, 12)
    return [(start_s, start_s + random.choice([0.4, 1.2, 2.5]))]


def error(truth: dict[str, Any], seed: int, *, notices: bool) -> float:
    """Of the rate that the seconds of one step tell."""
    model = ModelTruth(**truth, seed=seed)
    client = StallingClient(SimulatedService(model), stalls=stalls_of(seed), notices=notices, seed=seed)
    seconds = estimator.saturated_seconds(client.run_step(PLAN))
    assert seconds is not None
    return estimator.interval(seconds).estimate / model.true_tps(1) - 1


@pytest.mark.parametrize("truth", STEADY.values(), ids=STEADY)
def test_leaving_stalled_seconds_out_does_not_bias_the_rate(truth: dict[str, Any]) -> None:
    errors = [error(truth, seed, notices=True) for seed in range(SEEDS)]

    assert abs(fmean(errors)) < 0.01
    assert max(map(abs, errors)) < 0.04


@pytest.mark.parametrize("kind", ["bucket", "window", "pool"])
def test_a_stall_that_is_not_noticed_spoils_the_rate(kind: str) -> None:
    assert max(abs(error(STEADY[kind], seed, notices=False)) for seed in range(SEEDS)) > 0.08


@pytest.mark.parametrize("window_s", [2, 3])
def test_of_counts_that_come_in_waves_the_longest_stretch_without_a_gap_is_taken(window_s: int) -> None:
    waves = {"tps_per_iu": 20, "limiter": "fixed_window", "window_s": window_s, "latency_mean_s": 0.2}

    assert abs(fmean(error(waves, seed, notices=True) for seed in range(SEEDS))) < 0.03


def test_all_requests_stay_in_the_books() -> None:
    def step(stalls: list[Stall]) -> StepCounts:
        return StallingClient(SimulatedService(ModelTruth(**STEADY["bucket"])), stalls=stalls).run_step(PLAN)

    counts = step([(5.0, 6.5)])

    assert counts.stalled == [5, 6]
    assert counts.spoilt_seconds >= 3
    assert counts.sent == sum(counts.accepted) + sum(counts.throttled) + sum(counts.failed)
    assert step([]).spoilt_seconds == 0


def test_a_worker_that_is_stopped_for_a_while_notices() -> None:
    fast = ModelSetup(truth=ModelTruth(tps_per_iu=10_000, latency_mean_s=0.02), status="RUNNING", inference_units=1)
    with running_simulated_model([fast]) as service:
        command = [sys.executable, "-m", "tests.unit.load.worker_process", service.url, service.model_arns[0]]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, encoding="utf-8") as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "loading\n"
            os.kill(worker.pid, signal.SIGSTOP)
            time.sleep(2 * STALL_S)
            os.kill(worker.pid, signal.SIGCONT)
            counts = counts_of(json.loads(worker.stdout.readline()))

    assert counts.stalled
    assert counts.cpu_share > 0
    assert counts.bytes_per_s > 1000
