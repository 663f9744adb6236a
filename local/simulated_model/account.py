"""The simulated account: its projects, its models, and a log of the calls to them."""

import re
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from iu_tuner.contract.model_arn import ModelArn
from local.simulated_model.answers.answers import Answers
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.ledger import Ledger
from local.simulated_model.lifecycle import STATUSES, Lifecycle
from local.simulated_model.model_spec import ModelTruth, TruthError, refuse_unknown

CALLS_KEPT = 10_000


@dataclass(frozen=True, kw_only=True)
class ModelSetup:
    """A model to simulate: its truth, its names and its initial status; fields that are None get generated values."""

    truth: ModelTruth = field(default_factory=ModelTruth)
    answers: AnswerSetup = field(default_factory=AnswerSetup)
    project: str | None = None
    version: str | None = None
    status: str = "STOPPED"
    inference_units: int | None = None
    max_inference_units: int | None = None

    def __post_init__(self) -> None:
        """Raises TruthError for a name that can't be part of an ARN, or for an unknown status."""
        for name in ("project", "version"):
            value = getattr(self, name)
            if value is not None and not re.fullmatch(r"[a-zA-Z0-9_.\-]{1,255}", value):
                raise TruthError(f"{name}: got {value!r}, takes 1 to 255 letters, digits, '_', '.', '-'")
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
    """One model version: its names, its lifecycle, and the ledger of its DetectCustomLabels requests."""

    version_arn: str
    project_arn: str
    version_name: str
    created_at_s: float
    life: Lifecycle
    answers: Answers
    ledger: Ledger = field(default_factory=Ledger)
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def project_name(self) -> str:
        """The project's name, as DescribeProjects takes it."""
        return self.project_arn.split("/")[-2]


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
        version_name = setup.version or f"{project}.2021-03-11T15.23.39"
        project_arn = self._project_arn(project, now_s)
        for other in self.models.values():
            if (other.project_arn, other.version_name) == (project_arn, version_name):
                raise TruthError(f"version: project {project} has a version {version_name} already")
        life = Lifecycle(setup.truth, now_s, setup.status, setup.inference_units, setup.max_inference_units)
        # The version has its own creation time, so that neither ARN can be derived from the other.
        created_ms = str(1615476219000 + number)
        version_arn = str(ModelArn("aws", self.region, self.account_id, project, version_name, created_ms))
        model = Model(version_arn, project_arn, version_name, now_s, life, Answers(setup.answers))
        self.models[version_arn] = model
        return model

    def count_call(
        self, operation: str, version_arn: str | None, now_s: float, outcome: str, access_key_id: str
    ) -> None:
        """Log a control-plane call with its caller and its outcome ("ok" or an error code)."""
        self.calls_by_operation[operation] += 1
        self._detects.clear()
        self.calls.append(_entry(operation, version_arn, now_s, outcome, access_key_id))

    def log_detect(self, version_arn: str, now_s: float, access_key_id: str) -> None:
        """Log a DetectCustomLabels; those between two other calls share one entry per model and access key."""
        entry = self._detects.get((version_arn, access_key_id))
        if entry is None:
            entry = _entry("DetectCustomLabels", version_arn, now_s, "seen", access_key_id)
            self._detects[version_arn, access_key_id] = entry
            self.calls.append(entry)
            entry["count"] = 0
        entry["until"] = now_s
        entry["count"] += 1

    @property
    def _prefix(self) -> str:
        return f"arn:aws:rekognition:{self.region}:{self.account_id}:project/"

    def _project_arn(self, project: str, now_s: float) -> str:
        for arn in self.projects:
            if arn.split("/")[-2] == project:
                return arn
        arn = f"{self._prefix}{project}/{1614247896000 + 7 * len(self.projects)}"
        self.projects[arn] = now_s
        return arn


def _entry(operation: str, version_arn: str | None, now_s: float, outcome: str, access_key_id: str) -> dict[str, Any]:
    what = {"operation": operation, "modelArn": version_arn, "outcome": outcome}
    return {**what, "accessKeyId": access_key_id, "at": now_s, "until": now_s, "count": 1}
