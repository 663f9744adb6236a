"""One model service behind a port: of the rest, nothing knows which."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lambdas.models.facts import ServiceFacts
from lambdas.models.registry import console_of, facts_of

ROOT = Path(__file__).parents[3]
SERVICES = {ROOT / "lambdas" / "models" / name for name in ("rekognition", "lookout_vision")}
NAMES = re.compile(r"rekognition|custom ?labels|project_?version|lookout", re.IGNORECASE)
REASONS = {
    "lambdas/models/registry/__init__.py": "one place has to know which services there are",
    "lambdas/batch/summary/labels_manifest.py": "the manifest of a training has the format of that service",
    "iu_tuner/contract/model_arn.py": "the grammar of the ARNs that an input may name",
}
ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.1/1"


def named_in(module: Path) -> list[str]:
    return [line.strip() for line in module.read_text("utf-8").splitlines() if NAMES.search(line)]


def test_nothing_above_a_services_folder_names_a_service() -> None:
    files = [path for folder in ("lambdas", "iu_tuner/contract") for path in (ROOT / folder).rglob("*.*")]
    above = [
        path for path in files if path.suffix in (".py", ".js", ".html", ".css") and not SERVICES & set(path.parents)
    ]

    named = {path.relative_to(ROOT).as_posix() for path in above if named_in(path)}

    assert len(above) > 150
    assert named == set(REASONS)


def test_the_registry_names_a_service_only_to_import_its_facts() -> None:
    registry = ROOT / "lambdas" / "models" / "registry" / "__init__.py"

    assert named_in(registry) == [
        "from lambdas.models.lookout_vision.facts import FACTS as LOOKOUT_VISION",
        "from lambdas.models.rekognition.facts import FACTS as REKOGNITION",
        "_SERVICES = {facts.key: facts for facts in (REKOGNITION, LOOKOUT_VISION)}",
    ]


@pytest.fixture
def service() -> ServiceFacts:
    return facts_of(ARN)


def test_a_service_is_known_by_the_arn_of_its_models(service: ServiceFacts) -> None:
    assert (service.key, service.action(service.operation)) == ("rekognition", "rekognition:DetectCustomLabels")
    assert console_of(ARN) == console_of(None) == "the Rekognition console"


def test_a_start_has_a_maximum_only_if_the_model_scales(service: ServiceFacts) -> None:
    fixed, scaling = service.start_parameters(ARN, 2, 2), service.start_parameters(ARN, 1, 3)

    assert fixed == {"ProjectVersionArn": ARN, "MinInferenceUnits": 2}
    assert scaling == {"ProjectVersionArn": ARN, "MinInferenceUnits": 1, "MaxInferenceUnits": 3}


def test_the_command_is_the_aws_clis(service: ServiceFacts) -> None:
    words = service.command(service.start, service.start_parameters(ARN, 1, 3), "us-east-1")

    assert " ".join(words) == (
        f"aws rekognition start-project-version --region us-east-1 --project-version-arn {ARN}"
        " --min-inference-units 1 --max-inference-units 3"
    )
