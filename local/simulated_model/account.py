"""The simulated account: its projects, its models, and a log of the calls to them."""

import re
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from iu_tuner.contract.model_arn import SERVICES, ModelArn
from local.simulated_model.answers.anomalies import anomaly_body, random_verdict
from local.simulated_model.answers.answers import Answers
from local.simulated_model.answers.labels import random_labels, response_body
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.ledger import Ledger
from local.simulated_model.lifecycle import STATUSES, Lifecycle
from local.simulated_model.model_spec import ModelTruth, TruthError, refuse_unknown

CALLS_KEPT = 10_000
# By service: the labels of an image that no file names, and the response's body.
ANSWERS = {"rekognition": (random_labels, response_body), "lookoutvision": (random_verdict, anomaly_body)}
# Lookout for Vision's words for the statuses of Custom Labels; others are the same.
HOSTING = {
    "TRAINING_IN_PROGRESS": "TRAINING",
    "TRAINING_COMPLETED": "TRAINED",
    "STOPPED": "TRAINED",
    "STARTING": "STARTING_HOSTING",
    "RUNNING": "HOSTED",
    "FAILED": "HOSTING_FAILED",
    "STOPPING": "STOPPING_HOSTING",
}


@dataclass(frozen=True, kw_only=True)
class ModelSetup:
    """A model to simulate: its truth, its names and its initial status; fields that are None get generated values."""

    truth: ModelTruth = field(default_factory=ModelTruth)
    answers: AnswerSetup = field(default_factory=AnswerSetup)
    project: str | None = None
    version: str | None = None
    service: str = "rekognition"
    status: str = "STOPPED"
    inference_units: int | None = None
    max_inference_units: int | None = None

    def __post_init__(self) -> None:
        """Raises TruthError for a name that can't be part of an ARN, or for an unknown status."""
        for name in ("project", "version"):
            value = getattr(self, name)
            if value is not None and not re.fullmatch(r"[a-zA-Z0-9_.\-]{1,255}", value):
                raise TruthError(f"{name}: got {value!r}, takes 1 to 255 letters, digits, '_', '.', '-'")
        if self.service not in SERVICES:
            raise TruthError(f"service: got {self.service!r}, takes one of {', '.join(SERVICES)}")
        if self.status not in STATUSES:
            raise TruthError(f"status: got {self.status!r}, takes one of {', '.join(sorted(STATUSES))}")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "ModelSetup":
        """Read the setup from JSON values by field name. TruthError names a bad field."""
        refuse_unknown(cls, values, "field of a model's setup")
        truth = ModelTruth.from_mapping(values.get("truth", {}))
        return cls(**{**values, "truth": truth, "answers": AnswerSetup.from_mapping(values.get("answers", {}))})


@dataclass
class Model:
    """One model version: its names, its lifecycle, and the ledger of its requests."""

    version_arn: str
    project_arn: str
    version_name: str
    created_at_s: float
    life: Lifecycle
    answers: Answers
    ledger: Ledger = field(default_factory=Ledger)
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def service(self) -> str:
        """The key of the service in ARNs."""
        return self.version_arn.split(":")[2]

    def status(self, now_s: float) -> str:
        """The model's status in the words of its service."""
        status = self.life.advance(now_s)
        return status if self.service == "rekognition" else HOSTING.get(status, status)

    @property
    def project_name(self) -> str:
        """The project's name."""
        return self.project_arn.split("/")[1]


class Account:
    """The projects and models of one account and Region, and the log of calls."""

    def __init__(self, region: str, account_id: str) -> None:
        self.region = region
        self.account_id = account_id
        self.models: dict[str, Model] = {}
        self.projects: dict[str, float] = {}
        self.calls: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)
        self.calls_by_operation: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._detects: dict[tuple[str, str], dict[str, Any]] = {}

    def add_model(self, setup: ModelSetup, now_s: float) -> Model:
        """Add a model. Raises TruthError if its project already has a version of that name."""
        number = len(self.models) + 1
        project = setup.project or f"project-{number}"
        project_arn = self._project_arn(setup.service, project, now_s)
        version_arn = self._version_arn(setup, project, project_arn, number)
        version = ModelArn.of(version_arn).version
        for other in self.models.values():
            if (other.project_arn, other.version_name) == (project_arn, version):
                raise TruthError(f"version: project {project} has a version {version} already")
        life = Lifecycle(setup.truth, now_s, setup.status, setup.inference_units, setup.max_inference_units)
        answers = Answers(setup.answers, *ANSWERS[setup.service])
        model = Model(version_arn, project_arn, version, now_s, life, answers)
        self.models[version_arn] = model
        return model

    def _version_arn(self, setup: ModelSetup, project: str, project_arn: str, number: int) -> str:
        """The ARN of a new model, which TruthError refuses if an input would."""
        if setup.service == "rekognition":
            # The version has its own creation time, so that neither ARN can be derived from the other.
            version, created_ms = setup.version or f"{project}.2021-03-11T15.23.39", str(1615476219000 + number)
        else:
            others = sum(each.project_arn == project_arn for each in self.models.values())
            version, created_ms = setup.version or str(others + 1), ""
        place = ("aws", self.region, self.account_id)
        arn = str(ModelArn(*place, project, version, created_ms, setup.service))
        if ModelArn.find(arn) is None:
            raise TruthError(f"version: got {version!r} of project {project!r}, which the service does not allow")
        return arn

    def count_call(
        self, operation: str, version_arn: str | None, now_s: float, outcome: str, access_key_id: str
    ) -> None:
        """Log a control-plane call with its caller and its outcome ("ok" or an error code)."""
        self.calls_by_operation[operation] += 1
        self._detects.clear()
        self.calls.append(_entry(operation, version_arn, now_s, outcome, access_key_id))

    def log_detect(self, model: "Model", now_s: float, access_key_id: str) -> None:
        """Log a request about an image; those between two other calls share one entry per model and access key."""
        version_arn = model.version_arn
        entry = self._detects.get((version_arn, access_key_id))
        if entry is None:
            operation = "DetectCustomLabels" if model.service == "rekognition" else "DetectAnomalies"
            entry = _entry(operation, version_arn, now_s, "seen", access_key_id)
            self._detects[version_arn, access_key_id] = entry
            self.calls.append(entry)
            entry["count"] = 0
        entry["until"] = now_s
        entry["count"] += 1

    def arn_of_project(self, service: str, project: str) -> str:
        """The ARN of a project, without what it ends in with Rekognition."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:project/{project}"

    def _project_arn(self, service: str, project: str, now_s: float) -> str:
        named = self.arn_of_project(service, project)
        for arn in self.projects:
            if arn == named or arn.startswith(f"{named}/"):
                return arn
        ending = f"/{1614247896000 + 7 * len(self.projects)}" if service == "rekognition" else ""
        self.projects[named + ending] = now_s
        return named + ending


def _entry(operation: str, version_arn: str | None, now_s: float, outcome: str, access_key_id: str) -> dict[str, Any]:
    what = {"operation": operation, "modelArn": version_arn, "outcome": outcome}
    return {**what, "accessKeyId": access_key_id, "at": now_s, "until": now_s, "count": 1}
