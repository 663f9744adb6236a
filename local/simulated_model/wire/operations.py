"""The control plane: DescribeProjects, DescribeProjectVersions, StartProjectVersion, StopProjectVersion."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, NamedTuple

from local.simulated_model.account import Account, Model
from local.simulated_model.errors import NOT_FOUND, ServiceError, invalid_parameters, violated
from local.simulated_model.lifecycle import STATUS_MESSAGES
from local.simulated_model.wire import request
from local.simulated_model.wire.evaluation import evaluation_result

Members = dict[str, Any]


class Reply(NamedTuple):
    """The reply of an operation. A lost reply is never sent, although the operation has taken effect."""

    members: Members
    lost: bool = False


def describe_projects(account: Account, members: Members, now_s: float) -> Reply:
    """Describe the named projects, or all; unknown names are ignored."""
    wanted = request.names(members, "ProjectNames")
    projects = [
        {"ProjectArn": arn, "CreationTimestamp": created_at_s, "Status": "CREATED", "Datasets": []}
        for arn, created_at_s in account.projects.items()
        if ":rekognition:" in arn and (wanted is None or arn.split("/")[1] in wanted)
    ]
    return Reply(_page(members, "ProjectDescriptions", projects))


def describe_project_versions(account: Account, members: Members, now_s: float) -> Reply:
    """Describe the named versions of a project, or all; unknown names are ignored."""
    project_arn = request.arn(members, "ProjectArn", request.PROJECT_ARN)
    wanted = request.names(members, "VersionNames")
    if project_arn not in account.projects:
        raise ServiceError("ResourceNotFoundException", NOT_FOUND)
    versions = [
        _description(model, now_s)
        for model in account.models.values()
        if model.project_arn == project_arn and (wanted is None or model.version_name in wanted)
    ]
    return Reply(_page(members, "ProjectVersionDescriptions", versions))


def start_project_version(account: Account, members: Members, now_s: float) -> Reply:
    """Start a model whose status allows it."""
    version_arn = request.arn(members, "ProjectVersionArn", request.VERSION_ARN)
    min_units = request.integer(members, "MinInferenceUnits", 1)
    max_units = request.integer(members, "MaxInferenceUnits", 1)
    if min_units is None:
        raise violated("minInferenceUnits", None, "Member must not be null")
    if max_units is not None and max_units < min_units:
        raise invalid_parameters("MaxInferenceUnits must not be less than MinInferenceUnits")
    life = find(account, version_arn).life
    replied = life.start(now_s, min_units, max_units)
    return Reply({"Status": life.status}, lost=not replied)


def stop_project_version(account: Account, members: Members, now_s: float) -> Reply:
    """Stop a model that is RUNNING."""
    version_arn = request.arn(members, "ProjectVersionArn", request.VERSION_ARN)
    life = find(account, version_arn).life
    replied = life.stop(now_s)
    return Reply({"Status": life.status}, lost=not replied)


OPERATIONS: dict[str, Callable[[Account, Members, float], Reply]] = {
    "DescribeProjects": describe_projects,
    "DescribeProjectVersions": describe_project_versions,
    "StartProjectVersion": start_project_version,
    "StopProjectVersion": stop_project_version,
}


def find(account: Account, version_arn: str) -> Model:
    """The model with this ARN. Raises ServiceError (ResourceNotFoundException)."""
    model = account.models.get(version_arn)
    if model is None:
        raise ServiceError("ResourceNotFoundException", NOT_FOUND)
    return model


def _description(model: Model, now_s: float) -> Members:
    status = model.life.advance(now_s)
    description = {
        "ProjectVersionArn": model.version_arn,
        "CreationTimestamp": model.created_at_s,
        "Status": status,
        "StatusMessage": STATUS_MESSAGES[status],
        "BillableTrainingTimeInSeconds": 3600,
        "TrainingEndTimestamp": model.created_at_s,
        "Feature": "CUSTOM_LABELS",
        "EvaluationResult": evaluation_result(model.project_name, model.version_name),
    }
    if model.life.min_inference_units is not None:
        description["MinInferenceUnits"] = model.life.min_inference_units
    if model.life.max_inference_units is not None:
        description["MaxInferenceUnits"] = model.life.max_inference_units
    return description


def _page(members: Members, name: str, items: list[Members]) -> Members:
    size = request.integer(members, "MaxResults", 1, 100) or 100
    first = _offset(members.get("NextToken"), len(items))
    page: Members = {name: items[first : first + size]}
    if first + size < len(items):
        page["NextToken"] = base64.b64encode(f"from {first + size}".encode()).decode()
    return page


def _offset(token: Any, count: int) -> int:
    if token is None:
        return 0
    try:
        word, number = base64.b64decode(token, validate=True).decode().split()
        if word == "from" and 0 <= int(number) < count:
            return int(number)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise ServiceError("InvalidPaginationTokenException", "Invalid pagination token")
