"""`python -m bench.accuracy`: how close the search comes to services of known capacity, and at what cost.

Runs the project's search and the Locust script's rules on the same services, prints the tables as
Markdown; with --check the exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import product
from multiprocessing import Pool

from bench.locust_rules import run_locust
from bench.result import Result
from bench.tables import by_group, by_service, summary
from bench.targets import targets
from lambdas.capacity.step_plans import SearchLimits
from lambdas.capacity.verdicts.verdict import judge
from simulation.service import Service
from simulation.services import BEYOND, CATALOGUE, HOLDOUT, SERVICES
from simulation.virtual_time import VirtualClient, run_search, throttled_share

LONG_RUN_S = 400.0
LONG_RUN_REQUESTS = 8000


def run_one(task: tuple[str, int], limits: SearchLimits, *, beside: bool = True) -> Result:
    """Measures one service of one seed, and `beside` it by the Locust script's rules, each from its fresh state."""
    name, seed = task
    service = SERVICES[name]
    costs = service.image_costs(seed)
    client = VirtualClient(
        service.simulated(seed),
        image_costs=costs,
        in_flight_per_worker=limits.in_flight_per_worker,
        seed=f"{name}/{seed}",
    )
    run = run_search(client, limits)
    tps, clean = run.measurement.max_tps, run.measurement.clean_rate
    found = Result(
        service=name,
        seed=seed,
        true_tps=service.true_tps(seed, run.wall_s - client.client.gap_s),
        verdict=judge(run.measurement, quick=limits.mode == "quick").word,
        estimate=None if tps is None else tps.estimate,
        low=None if tps is None else tps.low,
        high=None if tps is None else tps.high,
        clean_tps=None if clean is None else clean.tps,
        clean_throttles=None if clean is None or not beside else _long_run(client, clean.tps),
        load_s=run.load_s,
        wall_s=run.wall_s,
        requests=run.requests,
    )
    if not beside:
        return found
    locust = run_locust(service.simulated(seed), costs, f"{name}/{seed}")
    return replace(
        found,
        locust_tps=locust.max_tps,
        locust_load_s=locust.load_s,
        locust_wall_s=locust.wall_s,
        locust_requests=locust.requests,
    )


def run_all(
    services: Iterable[Service], seeds: Iterable[int], limits: SearchLimits, jobs: int = 2, *, beside: bool = True
) -> list[Result]:
    """Every service of every seed, in this order, on `jobs` processes."""
    tasks = [(service.name, seed) for service, seed in product(services, seeds)]
    with Pool(jobs) as pool:
        return pool.map(partial(run_one, limits=limits, beside=beside), tasks, chunksize=4)


def _long_run(client: VirtualClient, tps: float) -> float:
    seconds = min(LONG_RUN_S, LONG_RUN_REQUESTS / tps)
    return throttled_share(client.service, client.now_s, tps, seconds)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="runs per service")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--services", nargs="+", choices=SERVICES, metavar="NAME", help="only these")
    parser.add_argument("--holdout", action="store_true", help="kinds that were run when the rules stood")
    parser.add_argument("--beyond", action="store_true", help="those that no test of this length can tell")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--mode", choices=("quick", "standard", "precise"), default="standard")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a target is missed")
    chosen = parser.parse_args(arguments)
    catalogue = BEYOND if chosen.beyond else HOLDOUT if chosen.holdout else CATALOGUE
    services = [SERVICES[name] for name in chosen.services] if chosen.services else catalogue
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    results = run_all(services, seeds, SearchLimits(mode=chosen.mode), chosen.jobs)
    checks = targets(services, results)
    print(f"{len(services)} services x {chosen.seeds} seeds, mode {chosen.mode}\n")
    print(
        by_service(services, results), by_group(services, results), summary(services, results), checks.table, sep="\n\n"
    )
    return 1 if chosen.check and checks.missed else 0


if __name__ == "__main__":
    sys.exit(main())
