"""A model of Lookout for Vision through the deployed app."""

from __future__ import annotations

import json
from pathlib import Path

from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.e2e.conftest import MAX_TRIES, RUN_AGAIN
from tests.e2e.test_executions import WITHIN
from tests.support.deployment import Deployment
from tests.support.repeats import record_repeat

MAX_S = 420
TRUE_TPS = 6.0


def test_a_model_of_the_other_service_is_measured_and_left_trained(app: Deployment, repeats: Path) -> None:
    setup = ModelSetup(truth=ModelTruth(tps_per_iu=TRUE_TPS, start_s=1.0, stop_s=1.0), service="lookoutvision")
    arn = app.service.add_model(setup)["modelArn"]
    for number in range(MAX_TRIES):
        name = f"anomalies-{number}"
        described = app.ended(app.start(name, {"modelArn": arn, "test": {"mode": "quick"}}), MAX_S)
        assert described["status"] == "SUCCEEDED", described.get("cause")
        answer = json.loads(described["output"])
        if answer["verdict"] not in RUN_AGAIN:
            break
        record_repeat(repeats, name, answer["verdict"], "ok")

    model = app.service.model_report(arn)
    assert answer["verdict"] == "ok", answer["verdictDetail"]
    assert (1 - WITHIN) * TRUE_TPS <= answer["maxTps"]["estimate"] <= (1 + WITHIN) * TRUE_TPS
    assert (answer["model"]["statusAfter"], answer["model"]["serviceStatusAfter"]) == ("STOPPED", "TRAINED")
    assert (model["status"], model["serviceStatus"]) == ("STOPPED", "TRAINED")
    assert model["totals"]["sent"] >= answer["requests"]["sent"]
    page = app.read(f"reports/{answer['runId']}/report.html").decode()
    assert "Lookout for Vision (ended 2025-10-31), simulated" in page
