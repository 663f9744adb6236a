"""Kinds of unsteady services; the seed determines the size and the time of their effects.

`BEYOND` holds the kinds that a test of this length can't measure, or not always.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from local.simulated_model.model_spec import ModelTruth
from simulation.service import Varied
from simulation.steady_services import bucket, pool, window
from simulation.unsteady import Around, pauses, slow_start, step

Range = tuple[float, float]


def starts_slowly(seconds: Range, times: Range) -> Varied:
    return lambda truth, random: (truth, Around(slow_start(random.uniform(*seconds), random.uniform(*times))))


def steps(after: float, at_s: Range = (15, 60)) -> Varied:
    """The capacity changes by the factor `after` at a random time."""
    return lambda truth, random: (truth, Around(step(random.uniform(*at_s), 1 / after)))


def in_a_row(times: Range, credit_s: Range) -> Varied:
    """A limiter with some credit, behind another one that is faster by a factor in `times` and has little credit."""

    def varied(truth: ModelTruth, random: Random) -> tuple[ModelTruth, Around]:
        before = replace(truth, tps_per_iu=truth.tps_per_iu * random.uniform(*times))
        return before, Around(behind=replace(truth, burst_s=random.uniform(*credit_s)))

    return varied


def pausing(length_s: Range, every_s: Range) -> Varied:
    def varied(truth: ModelTruth, random: Random) -> tuple[ModelTruth, Around]:
        return truth, Around(pauses(random, random.uniform(*length_s), random.uniform(*every_s)))

    return varied


def bursting(share: Range, on_s: Range, off_s: Range) -> Varied:
    """Another client takes a share of the capacity, on average, in bursts."""

    def varied(truth: ModelTruth, random: Random) -> tuple[ModelTruth, Around]:
        on, off = random.uniform(*on_s), random.uniform(*off_s)
        return truth, Around(bursts=(random.uniform(*share) * truth.tps_per_iu * (on + off) / on, on, off))

    return varied


def always(**around: Any) -> Varied:
    return lambda truth, random: (truth, Around(**around))


UNSTEADY = (
    bucket("credit-18", "token bucket, 18 TPS, 25 s of credit", 18.0, burst_s=25.0),
    bucket("slow-answers-9", "token bucket, 9 TPS, 3 s latency", 9.0, latency_mean_s=3.0),
    window("fixed-30", "fixed 1-s window, 30 TPS", 30.0, "fixed_window", latency_mean_s=0.3),
    pool(
        "warm-pool-20",
        "pool, 20 TPS, half as fast for 15 to 25 s",
        20.0,
        0.4,
        group="slow start",
        executors=8,
        queue_length=12,
        varied=starts_slowly((15, 25), (1.8, 2.2)),
    ),
    pool(
        "warm-pool-45",
        "pool, 30 TPS, 1.5 times slower for 35 to 50 s",
        30.0,
        0.3,
        group="slow start",
        executors=12,
        queue_length=12,
        varied=starts_slowly((35, 50), (1.3, 1.7)),
    ),
    pool(
        "warm-pool-60",
        "pool, 45 TPS, 1.6 times slower in its first minute",
        45.0,
        0.3,
        group="slow start",
        executors=20,
        queue_length=20,
        varied=starts_slowly((52, 60), (1.5, 1.7)),
    ),
    bucket(
        "warm-bucket-60",
        "token bucket, 12 TPS, 1.2 to 1.5 times slower in its first minute",
        12.0,
        "slow start",
        varied=starts_slowly((50, 60), (1.2, 1.5)),
    ),
    pool(
        "cold-cache-25",
        "pool, 25 TPS, answers slower by 1.8 until a cache is full",
        25.0,
        0.3,
        group="slow start",
        executors=10,
        queue_length=10,
        varied=always(cold_answers=600, cold_factor=1.8),
    ),
    bucket("step-up-10", "token bucket, 25 TPS after a rise by 10 %", 25.0, "step", varied=steps(1.10)),
    pool(
        "step-up-25",
        "pool, 60 TPS after a rise by 25 %",
        60.0,
        0.3,
        group="step",
        executors=24,
        queue_length=24,
        varied=steps(1.25),
    ),
    bucket("step-up-30", "token bucket, 9 TPS after a rise by 30 %", 9.0, "step", varied=steps(1.30)),
    bucket("step-down-15", "token bucket, 40 TPS after a fall by 15 %", 40.0, "step", varied=steps(0.85)),
    pool(
        "step-down-20",
        "pool, 35 TPS after a fall by 20 %",
        35.0,
        0.3,
        group="step",
        executors=14,
        queue_length=14,
        varied=steps(0.80),
    ),
    bucket("step-down-30", "token bucket, 14 TPS after a fall by 30 %", 14.0, "step", varied=steps(0.70)),
    bucket(
        "two-20",
        "20 TPS with 3 s of credit, behind a limiter of 1.3 to 1.5 times",
        20.0,
        "two limiters",
        varied=in_a_row((1.3, 1.5), (3, 3)),
    ),
    bucket(
        "two-10",
        "10 TPS with 5 to 8 s of credit, behind a limiter of 1.6 to 2.5 times",
        10.0,
        "two limiters",
        varied=in_a_row((1.6, 2.5), (5, 8)),
    ),
    bucket(
        "two-40",
        "40 TPS with 8 to 15 s of credit, behind a limiter of 2 to 3 times",
        40.0,
        "two limiters",
        latency_mean_s=0.4,
        varied=in_a_row((2.0, 3.0), (8, 15)),
    ),
    bucket(
        "two-7",
        "7 TPS with 8 s of credit, behind a limiter of 3 to 4 times",
        7.0,
        "two limiters",
        varied=in_a_row((3, 4), (8, 8)),
    ),
    bucket(
        "pauses-15",
        "token bucket, 15 TPS, pauses of 0.7 to 1.5 s every 7 to 12 s",
        15.0,
        "pauses",
        varied=pausing((0.7, 1.5), (7, 12)),
    ),
    bucket(
        "pauses-30",
        "token bucket, 30 TPS, pauses of 2 to 3 s every 10 to 13 s",
        30.0,
        "pauses",
        varied=pausing((2, 3), (10, 13)),
    ),
    pool(
        "pauses-pool-20",
        "pool, 20 TPS, pauses of 1 to 2 s every 10 to 15 s",
        20.0,
        0.3,
        group="pauses",
        executors=8,
        queue_length=8,
        varied=pausing((1, 2), (10, 15)),
    ),
    pool("small-6", "2 executors, 6 TPS, latency cv 1.5", 6.0, 1.5, group="small pool", executors=2, queue_length=2),
    pool("small-12", "5 executors, 12 TPS, latency cv 1", 12.0, 1.0, group="small pool", executors=5, queue_length=5),
    pool(
        "small-9",
        "3 executors, 9 TPS, latency cv 0.7, refuses early",
        9.0,
        0.7,
        group="small pool",
        executors=3,
        queue_length=1,
    ),
    pool("pool-90", "40 executors, queue, 90 TPS, cv 0.5", 90.0, 0.5, executors=40, queue_length=40),
    bucket(
        "shared-30", "token bucket, 30 TPS, another client takes 30 %", 30.0, "other client", other_client_share=0.3
    ),
    bucket(
        "shared-24", "token bucket, 24 TPS, another client takes 45 %", 24.0, "other client", other_client_share=0.45
    ),
    bucket(
        "bursts-30",
        "token bucket, 30 TPS, another client takes 30 to 50 % in bursts",
        30.0,
        "other client",
        varied=bursting((0.3, 0.5), (1.5, 3), (2, 4)),
    ),
    bucket(
        "errors-9", "token bucket, 25 TPS, 9 % fail before they are admitted", 25.0, "errors", random_500_share=0.09
    ),
    pool(
        "errors-5",
        "pool, 30 TPS, 5 % fail before they are admitted",
        30.0,
        0.3,
        group="errors",
        executors=12,
        queue_length=12,
        random_500_share=0.05,
    ),
    bucket(
        "late-errors-8", "token bucket, 12 TPS, 8 % fail once admitted", 12.0, "errors", varied=always(late_errors=0.08)
    ),
    pool(
        "late-errors-3",
        "pool, 45 TPS, 3 % fail once admitted",
        45.0,
        0.3,
        group="errors",
        executors=18,
        queue_length=18,
        varied=always(late_errors=0.03),
    ),
    pool(
        "costly-25",
        "pool, 25 TPS, a refusal costs 40 ms of an executor",
        25.0,
        0.3,
        group="costly refusals",
        executors=10,
        queue_length=3,
        reject_cost_s=0.04,
    ),
    pool(
        "costly-30",
        "pool, 30 TPS, a refusal costs 50 ms of an executor",
        30.0,
        0.3,
        group="costly refusals",
        executors=14,
        queue_length=4,
        reject_cost_s=0.05,
    ),
    bucket(
        "crowding-20",
        "token bucket, 20 TPS, answers slower with each in flight",
        20.0,
        "crowding",
        varied=always(crowding=0.05),
    ),
    window("quota-2", "fixed 2-s window, 16 TPS", 16.0, "fixed_window", 2.0, "quota"),
    window("quota-3", "fixed 3-s window, 10 TPS", 10.0, "fixed_window", 3.0, "quota"),
    window("quota-5", "fixed 5-s window, 24 TPS", 24.0, "fixed_window", 5.0, "quota"),
    bucket("credit-13", "token bucket, 13 TPS, 18 s of credit, 0.6 s latency", 13.0, burst_s=18.0, latency_mean_s=0.6),
    bucket(
        "warm-bucket-30",
        "token bucket, 22 TPS, 1.8 times slower for 25 to 35 s",
        22.0,
        "slow start",
        latency_mean_s=0.5,
        varied=starts_slowly((25, 35), (1.6, 2.0)),
    ),
    pool(
        "warm-pool-55",
        "pool, 70 TPS, 1.4 times slower for 40 to 58 s",
        70.0,
        0.5,
        group="slow start",
        executors=30,
        queue_length=20,
        varied=starts_slowly((40, 58), (1.3, 1.5)),
    ),
    bucket("step-up-18", "token bucket, 33 TPS after a rise by 18 %", 33.0, "step", varied=steps(1.18)),
    pool(
        "step-down-25",
        "pool, 50 TPS after a fall by 25 %",
        50.0,
        0.4,
        group="step",
        executors=20,
        queue_length=10,
        varied=steps(0.75),
    ),
    bucket(
        "two-25",
        "25 TPS with 4 to 8 s of credit, behind a limiter of 1.6 to 3 times",
        25.0,
        "two limiters",
        latency_mean_s=0.3,
        varied=in_a_row((1.6, 3.0), (4, 8)),
    ),
    bucket(
        "pauses-22",
        "token bucket, 22 TPS, pauses of 1 to 2 s every 9 to 14 s",
        22.0,
        "pauses",
        varied=pausing((1, 2), (9, 14)),
    ),
    pool("small-8", "4 executors, 8 TPS, latency cv 0.8", 8.0, 0.8, group="small pool", executors=4, queue_length=4),
    bucket(
        "shared-16", "token bucket, 16 TPS, another client takes 35 %", 16.0, "other client", other_client_share=0.35
    ),
    bucket(
        "bursts-18",
        "token bucket, 18 TPS, another client takes 35 to 50 % in bursts",
        18.0,
        "other client",
        varied=bursting((0.35, 0.5), (1, 5), (2, 7)),
    ),
    bucket(
        "late-errors-6", "token bucket, 28 TPS, 6 % fail once admitted", 28.0, "errors", varied=always(late_errors=0.06)
    ),
    pool(
        "errors-7",
        "pool, 20 TPS, 7 % fail before they are admitted",
        20.0,
        0.4,
        group="errors",
        executors=8,
        queue_length=8,
        random_500_share=0.07,
    ),
    pool(
        "costly-18",
        "pool, 18 TPS, a refusal costs 25 ms of an executor",
        18.0,
        0.4,
        group="costly refusals",
        executors=8,
        queue_length=4,
        reject_cost_s=0.025,
    ),
    pool(
        "crowding-30",
        "token bucket, 30 TPS, answers slower with each in flight",
        30.0,
        0.3,
        "token_bucket",
        group="crowding",
        varied=always(crowding=0.03),
    ),
    window("quota-4", "fixed 4-s window, 14 TPS", 14.0, "fixed_window", 4.0, "quota"),
)

BEYOND = (
    window(
        "sliding-6",
        "sliding window of about 1 s that beats with the second, 6 TPS",
        6.0,
        "sliding_window",
        group="quota",
    ),
    window(
        "sliding-11",
        "sliding window of about 1 s that beats with the second, 11 TPS",
        11.0,
        "sliding_window",
        group="quota",
        latency_mean_s=0.25,
    ),
    pool(
        "warm-pool-120",
        "pool, 30 TPS, 1.5 times slower in its first two minutes",
        30.0,
        0.3,
        group="slow start",
        executors=12,
        queue_length=12,
        varied=starts_slowly((115, 125), (1.4, 1.6)),
    ),
    bucket(
        "bursts-18-long",
        "token bucket, 18 TPS, another client's bursts are 3 to 8 s apart",
        18.0,
        "other client",
        varied=bursting((0.3, 0.5), (2, 6), (3, 8)),
    ),
    pool(
        "costly-12-noisy",
        "6 executors, 12 TPS, cv 0.5, a refusal costs 30 ms of one",
        12.0,
        0.5,
        group="costly refusals",
        executors=6,
        queue_length=3,
        reject_cost_s=0.03,
    ),
    bucket(
        "pauses-20",
        "token bucket, 20 TPS, pauses of 2 to 3 s every 15 to 20 s",
        20.0,
        "pauses",
        varied=pausing((2, 3), (15, 20)),
    ),
    bucket(
        "two-15-long",
        "15 TPS with 40 s of credit, behind a limiter of 1.5 times",
        15.0,
        "two limiters",
        varied=in_a_row((1.5, 1.5), (40, 40)),
    ),
)
