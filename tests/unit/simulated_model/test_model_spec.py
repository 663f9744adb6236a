"""A truth refuses what it can't be, and can be written as flags or JSON."""

import argparse
import hashlib
from dataclasses import asdict, fields

import pytest

from local.simulated_model.arguments import add_truth_arguments, truth_from_arguments
from local.simulated_model.model_spec import ModelTruth, TruthError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tps_per_iu": 0}, "tps_per_iu: got 0, takes 0.01 to"),
        ({"tps_per_iu": "5"}, "tps_per_iu: got '5', takes a number"),
        ({"tps_per_iu": float("nan")}, "tps_per_iu: got nan"),
        ({"tps_per_iu": None}, "tps_per_iu: got None"),
        ({"limiter": "leaky"}, "limiter: got 'leaky', takes one of token_bucket"),
        ({"executors": 1.5}, "executors: got 1.5, takes a whole number"),
        ({"start_fails": True}, "start_fails: got True"),
        ({"autoscale_always": 1}, "autoscale_always: got 1, takes true or false"),
        ({"hang_share": 1.1}, "hang_share: got 1.1"),
        ({"hang_share": 0.6, "reset_share": 0.6}, "random_500_share \\+ reset_share \\+ hang_share: got 1.2"),
        ({"tps": 5}, "tps: no such field"),
    ],
)
def test_a_bad_field_is_named(values, message):
    with pytest.raises(TruthError, match=message):
        ModelTruth.from_mapping(values)


def test_a_truth_survives_json():
    truth = ModelTruth(tps_per_iu=7.5, limiter="executor_pool", executors=3, account_tps=40)

    assert ModelTruth.from_mapping(asdict(truth)) == truth


def test_pools_derive_their_service_time_from_the_rate():
    given = ModelTruth(tps_per_iu=10, limiter="executor_pool", executors=4)
    derived = ModelTruth(tps_per_iu=12.5, limiter="executor_pool", latency_mean_s=0.18)

    assert given.mean_service_s == pytest.approx(0.4)
    assert (derived.executors_per_iu, derived.mean_service_s) == (2, pytest.approx(0.16))


def test_image_costs_depend_on_content_and_have_mean_one():
    truth = ModelTruth(image_cost_cv=0.6)

    costs = [truth.image_cost(hashlib.sha256(str(number).encode()).digest()) for number in range(5000)]

    assert sum(costs) / len(costs) == pytest.approx(1.0, rel=0.05)
    assert costs[0] == truth.image_cost(hashlib.sha256(b"0").digest())
    assert max(costs) > 2 > 0.5 > min(costs)
    assert ModelTruth().image_cost(bytes(32)) == 1.0


def test_image_costs_grow_with_the_bytes_and_on_the_way_through_s3():
    truth = ModelTruth(image_cost_per_mb=2.0, s3_extra_cost=0.5)

    assert truth.image_cost(bytes(32), 1_500_000) == pytest.approx(4.0)
    assert truth.image_cost(bytes(32), 1_500_000, by_s3=True) == pytest.approx(6.0)


def parse(line: str) -> ModelTruth:
    parser = argparse.ArgumentParser()
    add_truth_arguments(parser)
    return truth_from_arguments(parser.parse_args(line.split()))


def test_flags_become_fields():
    truth = parse(
        "--tps-per-iu 12.5 --limiter executor_pool --latency-ms 250 --start-seconds 1.5 "
        "--lost-replies 1 --autoscale-always"
    )

    assert truth == ModelTruth(
        tps_per_iu=12.5,
        limiter="executor_pool",
        latency_mean_s=0.25,
        start_s=1.5,
        lost_replies=1,
        autoscale_always=True,
    )
    assert parse("") == ModelTruth()


def test_every_field_has_a_flag():
    parser = argparse.ArgumentParser()
    add_truth_arguments(parser)

    assert {f"truth_{each.name}" for each in fields(ModelTruth)} <= {each.dest for each in parser._actions}


def test_a_bad_flag_is_named():
    with pytest.raises(TruthError, match=r"--start-seconds: got -1\.0"):
        parse("--start-seconds=-1")
