"""The steady services that the benchmark measures: models behind an unknown limiter.

A seed changes a service's capacity by up to 15 % and all its random values.
"""

from __future__ import annotations

from typing import Any

from simulation.service import Group, Service, Varied


def bucket(
    name: str, about: str, tps: float, group: Group = "limiter", varied: Varied | None = None, **truth: Any
) -> Service:
    """A service with a token bucket."""
    return Service(name, group, about, {"tps_per_iu": tps, **truth}, varied)


def window(
    name: str, about: str, tps: float, limiter: str, window_s: float = 1.0, group: Group = "limiter", **truth: Any
) -> Service:
    """A service that limits counts per window of `window_s` seconds."""
    return Service(name, group, about, {"tps_per_iu": tps, "limiter": limiter, "window_s": window_s, **truth})


def pool(
    name: str,
    about: str,
    tps: float,
    cv: float,
    limiter: str = "executor_pool",
    group: Group = "pool",
    varied: Varied | None = None,
    **truth: Any,
) -> Service:
    """A service with a pool of executors, with service times of coefficient of variation `cv`."""
    return Service(name, group, about, {"tps_per_iu": tps, "limiter": limiter, "latency_cv": cv, **truth}, varied)


STEADY = (
    bucket("bucket-2", "token bucket, 2.3 TPS", 2.3),
    bucket("bucket-5", "token bucket, 5 TPS", 5.0),
    bucket("bucket-20", "token bucket, 20 TPS, 10 s of credit", 20.0, burst_s=10.0),
    bucket("bucket-10", "token bucket, 10 TPS, 60 s of credit", 10.0, burst_s=60.0),
    bucket("bucket-100-slow", "token bucket, 100 TPS, 1 s latency", 100.0, latency_mean_s=1.0),
    window("fixed-8", "fixed 1-s window, 8 TPS", 8.0, "fixed_window"),
    window("sliding-50", "sliding 1-s window, 50 TPS", 50.0, "sliding_window"),
    window("sliding-15", "sliding 2-s window, 15 TPS", 15.0, "sliding_window", 2.0, "quota", latency_mean_s=0.5),
    bucket("errors-40", "token bucket, 40 TPS, 0.1 % other errors", 40.0, random_500_share=0.001),
    bucket(
        "autoscale-8",
        "token bucket, 8 TPS, scales after 60 s of throttling",
        8.0,
        autoscale_after_s=60.0,
        autoscale_always=True,
    ),
    bucket(
        "drift-30",
        "token bucket, 30 TPS, drifts by 8 % in 10 min",
        30.0,
        "drift",
        drift_amplitude=0.08,
        drift_period_s=600.0,
    ),
    bucket(
        "shared-20", "token bucket, 20 TPS, another client takes 20 %", 20.0, "other client", other_client_share=0.2
    ),
    pool(
        "pool-4-noisy",
        "2 executors, queue, 4 TPS, latency cv 1",
        4.0,
        1.0,
        group="small pool",
        executors=2,
        queue_length=4,
    ),
    pool("pool-10", "3 executors, queue, 10 TPS, cv 0.3", 10.0, 0.3, executors=3, queue_length=6),
    pool(
        "pool-24-mixed",
        "6 executors, queue, 24 TPS, cv 0.3, image sizes cv 0.7",
        24.0,
        0.3,
        executors=6,
        queue_length=12,
        image_cost_cv=0.7,
    ),
    pool("pool-200", "60 executors, queue, 200 TPS, cv 0.3", 200.0, 0.3, executors=60, queue_length=60),
    pool("no-queue-12", "4 executors, no queue, 12 TPS, cv 0.3", 12.0, 0.3, "concurrency_limit", executors=4),
    pool(
        "reject-cost-16",
        "4 executors, queue, 16 TPS, a refusal costs 10 ms of an executor",
        16.0,
        0.3,
        group="costly refusals",
        executors=4,
        queue_length=8,
        reject_cost_s=0.010,
    ),
    pool(
        "queue-20", "5 executors, unbounded queue, 20 TPS, never throttles", 20.0, 0.5, "unbounded_queue", executors=5
    ),
    bucket("bucket-1", "token bucket, 1 TPS", 1.0),
    bucket("bucket-3", "token bucket, 3.3 TPS, 5 s of credit", 3.3, burst_s=5.0, latency_mean_s=0.6),
    bucket("bucket-7", "token bucket, 7 TPS, 30 s of credit, latency cv 0.8", 7.0, burst_s=30.0, latency_cv=0.8),
    bucket("bucket-33", "token bucket, 33 TPS, 2 s of credit", 33.0, burst_s=2.0, latency_mean_s=0.35),
    bucket("bucket-75", "token bucket, 75 TPS, 20 s of credit", 75.0, burst_s=20.0),
    bucket("bucket-150", "token bucket, 150 TPS", 150.0, latency_mean_s=0.4),
    window("sliding-65", "sliding 1-s window, 65 TPS", 65.0, "sliding_window", latency_mean_s=0.3),
    window("fixed-35-of-2s", "fixed 2-s window, 35 TPS", 35.0, "fixed_window", 2.0, "quota"),
    window("fixed-25", "fixed 1-s window, 25 TPS", 25.0, "fixed_window", latency_mean_s=0.1),
    window("fixed-120", "fixed 0.5-s window, 120 TPS", 120.0, "fixed_window", 0.5),
    window("fixed-12-of-10s", "fixed 10-s window, 12 TPS", 12.0, "fixed_window", 10.0, "quota"),
    bucket(
        "drift-12",
        "token bucket, 12 TPS, drifts by 5 % in 3 min",
        12.0,
        "drift",
        drift_amplitude=0.05,
        drift_period_s=180.0,
    ),
    pool("pool-7", "3 executors, queue, 7 TPS, cv 0.4", 7.0, 0.4, executors=3, queue_length=3),
    pool(
        "pool-15-mixed",
        "4 executors, queue, 15 TPS, image sizes cv 0.5",
        15.0,
        0.2,
        executors=4,
        queue_length=8,
        image_cost_cv=0.5,
    ),
    pool("pool-60", "20 executors, queue, 60 TPS, cv 0.5", 60.0, 0.5, executors=20, queue_length=20),
    pool("pool-140", "42 executors, queue, 140 TPS, cv 0.2", 140.0, 0.2, executors=42, queue_length=42),
    pool("queue-50", "15 executors, unbounded queue, 50 TPS", 50.0, 0.3, "unbounded_queue", executors=15),
    pool("queue-3", "1 executor, unbounded queue, 3 TPS", 3.0, 0.2, "unbounded_queue", executors=1),
)
