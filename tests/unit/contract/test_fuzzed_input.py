"""Random and mutated inputs: a run plan that can be carried out, or a sentence that names the field."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import botocore.handlers
import pytest
from hypothesis import HealthCheck, given, settings

from iu_tuner.contract.choices import MAX_WORKERS
from iu_tuner.contract.errors import BudgetExceeded, InvalidInput
from iu_tuner.contract.execution_input import ExecutionInput, parse_input
from iu_tuner.contract.output.json_values import to_json
from lambdas.aws import settings as function_settings
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.search import next_move
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.images.image import Image
from lambdas.images.selection import Selection
from lambdas.load.step import StepPlan
from lambdas.models.lease import Lease
from lambdas.models.rekognition.control_plane import RekognitionModel
from lambdas.models.status import ModelState
from lambdas.runs.store_items import RUN
from lambdas.tuning import prepare as preparation
from lambdas.tuning.output import findings
from lambdas.tuning.prepare import AccountBounds, FoundModel, plan_run
from tests.support import past_traffic
from tests.support.fuzzed_inputs import ARN, FIELDS, NASTY, inputs, is_in_words

EXAMPLES = int(os.environ.get("FUZZED_INPUTS", "500"))
MADE_UP = Measurement("saturated", 8, Interval(5.01, 4.93, 5.09), is_confirmed=True)


@pytest.fixture(autouse=True)
def one_image_and_a_price(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PRICE_PER_IU_HOUR_USD", "4.0")
    monkeypatch.setenv("IMAGE_BUCKET", "images")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # nobody waits for credentials that are not there
    monkeypatch.setattr(preparation, "choose_images", lambda *_: Selection((Image("samples/1.jpg", 9),), (), 1, 0))
    monkeypatch.setattr(preparation, "account_bounds", no_bounds)
    function_settings.settings.cache_clear()
    yield
    function_settings.settings.cache_clear()


def no_bounds(wanted: ExecutionInput, *_: Any) -> AccountBounds:
    return AccountBounds(TpsQuota(), MAX_WORKERS, wanted.test.max_concurrency, ())


def test_every_input_becomes_a_plan_or_a_sentence() -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(raw=inputs())
    def look_at(raw: Any) -> None:
        try:
            parsed = parse_input(raw)
        except InvalidInput as refused:
            seen["refused"] += 1
            is_in_words(refused.sentence, raw)
        else:
            seen["planned" if can_be_carried_out(parsed) else "beyond its limits"] += 1

    look_at()

    assert sum(seen.values()) >= EXAMPLES
    # Neither half of the promise is kept by never being asked.
    assert seen["refused"] > EXAMPLES / 4
    assert seen["planned"] > EXAMPLES / 20


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_every_field_takes_or_refuses_the_nastiest_values(field: str) -> None:
    place, _, name = field.rpartition(".")
    for value in NASTY:
        raw: dict[str, Any] = {"modelArn": ARN}
        (raw.setdefault(place, {}) if place else raw)[name] = value
        try:
            assert can_be_carried_out(parse_input(raw)) in (True, False)
        except InvalidInput as refused:
            is_in_words(refused.sentence, raw)


def can_be_carried_out(parsed: ExecutionInput) -> bool:
    """All that Prepare, PlanStep and Recommend compute from it; False: that is more than its limits allow."""
    lease = Lease(parsed.model_arn, "r", "e", "2026-11-21T06:00:00.000Z", parsed.limits.max_minutes, parsed.after_run)
    found = FoundModel(RekognitionModel(None, parsed.model_arn, "p"), ModelState("STOPPED"), None)
    try:
        run = plan_run(parsed, found, lease)
    except BudgetExceeded as refused:
        assert "limits.max" in refused.sentence
        return False

    kept = RUN.read(RUN.text(run))
    first_step = next_move([], kept.search_limits)
    output = to_json(findings(kept, [], MADE_UP, past_traffic.office_hours()))

    assert kept == run
    assert parsed.model_arn.isascii()
    assert len(parsed.images.prefix.encode()) <= 1024
    assert parsed.images.bucket is None or botocore.handlers.VALID_BUCKET.match(parsed.images.bucket)
    assert isinstance(first_step, StepPlan)
    assert 1 <= first_step.lanes <= parsed.test.max_concurrency
    json.dumps(output, allow_nan=False).encode()
    least, most = (output["recommendation"][f"{end}InferenceUnits"] for end in ("min", "max"))
    assert (least is None) == (parsed.demand is None)
    assert least is None or 1 <= least <= most
    assert all(math.isfinite(row["usdPerHour"]) for row in output["recommendation"]["table"])
    return True
