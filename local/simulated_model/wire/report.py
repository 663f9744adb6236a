"""The report of the simulated models: their truth and their counts."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from local.simulated_model.account import Account, Model


def report(account: Account, now_s: float) -> dict[str, Any]:
    """The report of all models at `now_s`, as JSON values."""
    return {
        "now": now_s,
        "models": [_model_report(model, now_s) for model in account.models.values()],
        "callsByOperation": dict(account.calls_by_operation),
        "callLog": list(account.calls),
        "refusedRequests": dict(account.refused),
    }


def model_names(model: Model) -> dict[str, str]:
    """The names and ARNs of a model."""
    return {
        "modelArn": model.version_arn,
        "projectArn": model.project_arn,
        "project": model.project_name,
        "version": model.version_name,
    }


def _model_report(model: Model, now_s: float) -> dict[str, Any]:
    life = model.life
    status = life.advance(now_s)
    units = life.runs[-1].service.inference_units if life.runs else life.min_inference_units
    return {
        **model_names(model),
        "truth": asdict(life.truth),
        "status": status,
        "serviceStatus": model.status(now_s),
        "minInferenceUnits": life.min_inference_units,
        "maxInferenceUnits": life.max_inference_units,
        "inServiceInferenceUnits": units if status == "RUNNING" else 0,
        # With the images sent so far and the current inference units, or those of the last run, or one.
        "trueTps": life.truth.true_tps(units or 1, model.ledger.mean_image_cost),
        "trueTpsPerInferenceUnit": life.truth.true_tps(1, model.ledger.mean_image_cost),
        "transitions": [
            {"at": at_s, "from": from_status, "to": to_status} for at_s, from_status, to_status in life.transitions
        ],
        "inferenceUnitSecondsBilled": life.inference_unit_seconds(now_s),
        "calls": dict(Counter(model.calls)),
        **model.ledger.report(),
    }
