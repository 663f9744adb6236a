"""Held-out kinds of services, written and run after the rules of the search were fixed."""

from __future__ import annotations

from simulation.steady_services import bucket, pool, window
from simulation.unsteady_services import always, bursting, in_a_row, pausing, starts_slowly, steps

HOLDOUT = (
    bucket("bucket-1.6", "token bucket, 1.6 TPS, 4 s of credit", 1.6, burst_s=4.0),
    bucket(
        "slow-answers-19", "token bucket, 19 TPS, 3 s of credit, 2.2 s latency", 19.0, burst_s=3.0, latency_mean_s=2.2
    ),
    window("fixed-45", "fixed 1-s window, 45 TPS, 0.5 s latency", 45.0, "fixed_window", latency_mean_s=0.5),
    bucket("credit-27", "token bucket, 27 TPS, 12 s of credit, latency cv 0.6", 27.0, burst_s=12.0, latency_cv=0.6),
    bucket(
        "warm-bucket-50",
        "token bucket, 48 TPS, 1.3 to 1.6 times slower for 45 to 58 s",
        48.0,
        "slow start",
        varied=starts_slowly((45, 58), (1.3, 1.6)),
    ),
    pool(
        "warm-pool-35",
        "pool, 16 TPS, 1.7 times slower for 28 to 40 s",
        16.0,
        0.5,
        group="slow start",
        executors=6,
        queue_length=6,
        varied=starts_slowly((28, 40), (1.6, 1.8)),
    ),
    bucket("step-up-22", "token bucket, 17 TPS after a rise by 22 %", 17.0, "step", varied=steps(1.22)),
    pool(
        "step-down-35",
        "pool, 28 TPS after a fall by 35 %",
        28.0,
        0.3,
        group="step",
        executors=11,
        queue_length=11,
        varied=steps(0.65),
    ),
    bucket(
        "two-15",
        "15 TPS with 4 to 10 s of credit, behind a limiter of 1.4 to 2.2 times",
        15.0,
        "two limiters",
        varied=in_a_row((1.4, 2.2), (4, 10)),
    ),
    bucket(
        "two-55",
        "55 TPS with 5 to 12 s of credit, behind a limiter of 1.8 to 3.5 times",
        55.0,
        "two limiters",
        latency_mean_s=0.25,
        varied=in_a_row((1.8, 3.5), (5, 12)),
    ),
    bucket(
        "pauses-26",
        "token bucket, 26 TPS, pauses of 0.8 to 2 s every 8 to 15 s",
        26.0,
        "pauses",
        varied=pausing((0.8, 2), (8, 15)),
    ),
    pool("small-5", "3 executors, 5 TPS, latency cv 1.2", 5.0, 1.2, group="small pool", executors=3, queue_length=3),
    bucket(
        "shared-21", "token bucket, 21 TPS, another client takes 25 %", 21.0, "other client", other_client_share=0.25
    ),
    bucket(
        "bursts-40",
        "token bucket, 40 TPS, another client takes 30 to 45 % in bursts",
        40.0,
        "other client",
        varied=bursting((0.3, 0.45), (1, 3), (2, 5)),
    ),
    pool(
        "errors-4",
        "pool, 55 TPS, 4 % fail before they are admitted",
        55.0,
        0.3,
        group="errors",
        executors=20,
        queue_length=20,
        random_500_share=0.04,
    ),
    bucket(
        "late-errors-5", "token bucket, 17 TPS, 5 % fail once admitted", 17.0, "errors", varied=always(late_errors=0.05)
    ),
    pool(
        "costly-22",
        "pool, 22 TPS, a refusal costs 30 ms of an executor",
        22.0,
        0.3,
        group="costly refusals",
        executors=9,
        queue_length=5,
        reject_cost_s=0.03,
    ),
)
