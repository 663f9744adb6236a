"""The control plane: describes, lists, starts and stops models, and describes and lists their projects."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from iu_tuner.contract.model_arn import ModelArn
from local.simulated_model.account import Account, Model
from local.simulated_model.errors import NOT_FOUND, ServiceError, violated
from local.simulated_model.lifecycle import STATUS_MESSAGES
from local.simulated_model.lookout_vision.errors import SERVICE
from local.simulated_model.wire import request

Members = dict[str, Any]


def find(account: Account, project: str, version: str) -> Model:
    """The model of a project. Raises ServiceError (ResourceNotFoundException)."""
    arn = str(ModelArn("aws", account.region, account.account_id, project, version, service=SERVICE))
    if arn not in account.models:
        raise ServiceError("ResourceNotFoundException", NOT_FOUND)
    return account.models[arn]


def start(model: Model, members: Members, now_s: float) -> tuple[Members, bool]:
    """Start a model whose status allows it. Returns the reply, and whether it is sent."""
    min_units, max_units = (request.integer(members, f"{end}InferenceUnits", 1) for end in ("Min", "Max"))
    if min_units is None:
        raise violated("minInferenceUnits", None, "Member must not be null")
    if max_units is not None and max_units < min_units:
        raise ServiceError("ValidationException", "MaxInferenceUnits must not be less than MinInferenceUnits")
    replied = model.life.start(now_s, min_units, max_units)
    return {"Status": model.status(now_s)}, replied


def stop(model: Model, now_s: float) -> tuple[Members, bool]:
    """Stop a model that is hosted. Returns the reply, and whether it is sent."""
    replied = model.life.stop(now_s)
    return {"Status": model.status(now_s)}, replied


def describe_model(model: Model, now_s: float) -> Members:
    """DescribeModel."""
    life = model.life
    units = {"MinInferenceUnits": life.min_inference_units, "MaxInferenceUnits": life.max_inference_units}
    running = units if life.advance(now_s) in ("STARTING", "RUNNING", "STOPPING") else {}
    more = {name: value for name, value in running.items() if value is not None}
    return {"ModelDescription": {**_metadata(model, now_s), "EvaluationEndTimestamp": model.created_at_s, **more}}


def list_models(account: Account, project: str, query: Mapping[str, str], now_s: float) -> Members:
    """ListModels."""
    _created_at(account, project)
    models = [each for each in account.models.values() if each.service == SERVICE and each.project_name == project]
    return _page("Models", [_metadata(each, now_s) for each in models], query)


def describe_project(account: Account, project: str) -> Members:
    """DescribeProject."""
    return {"ProjectDescription": {**_project(account, project), "Datasets": []}}


def list_projects(account: Account, query: Mapping[str, str]) -> Members:
    """ListProjects."""
    names = [arn.rpartition("/")[2] for arn in account.projects if f":{SERVICE}:" in arn]
    return _page("Projects", [_project(account, name) for name in names], query)


def _metadata(model: Model, now_s: float) -> Members:
    return {
        "ModelVersion": model.version_name,
        "ModelArn": model.version_arn,
        "CreationTimestamp": model.created_at_s,
        "Status": model.status(now_s),
        "StatusMessage": STATUS_MESSAGES[model.life.status],
        "Performance": {"F1Score": 0.94, "Recall": 0.93, "Precision": 0.95},
    }


def _project(account: Account, project: str) -> Members:
    created_at_s = _created_at(account, project)
    return {
        "ProjectArn": account.arn_of_project(SERVICE, project),
        "ProjectName": project,
        "CreationTimestamp": created_at_s,
    }


def _created_at(account: Account, project: str) -> float:
    arn = account.arn_of_project(SERVICE, project)
    if arn not in account.projects:
        raise ServiceError("ResourceNotFoundException", NOT_FOUND)
    return account.projects[arn]


def _page(name: str, items: list[Members], query: Mapping[str, str]) -> Members:
    try:
        size = int(query.get("maxResults", "100"))
        first = int(base64.b64decode(query.get("nextToken", "MA=="), validate=True))
    except (binascii.Error, ValueError) as error:
        raise ServiceError("ValidationException", "Invalid pagination token or maximum") from error
    if not 1 <= size <= 100:
        raise violated("maxResults", size, "Member must have value from 1 to 100")
    page: Members = {name: items[first : first + size]}
    if first + size < len(items):
        page["NextToken"] = base64.b64encode(str(first + size).encode()).decode()
    return page
