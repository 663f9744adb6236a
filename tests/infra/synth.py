"""The app, synthesized in memory for a given context; nothing here talks to AWS.

Each process of a test run collects all tests, and one of them synthesizes: the CDK is loaded there alone.
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.settings.settings import Settings

if TYPE_CHECKING:
    import aws_cdk as cdk

    from infra.stack import InferenceUnitTuner

MACHINE = "AWS::StepFunctions::StateMachine"
REPOSITORY = Path(__file__).parent.parent.parent
FLAGS = json.loads((REPOSITORY / "cdk.json").read_text("utf-8"))["context"]

# The CDK's own validation only warns, and takes two thirds of a synthesis; cfn-lint has its test.
os.environ["CDK_VALIDATION"] = "false"


def stack(app: cdk.App, **context: object) -> InferenceUnitTuner:
    from infra.stack import InferenceUnitTuner

    return InferenceUnitTuner(app, "InferenceUnitTuner", settings=Settings.from_context(context))


@functools.cache
def _template(context_json: str) -> dict[str, Any]:
    import aws_cdk as cdk
    from aws_cdk.assertions import Template

    app = cdk.App(context=FLAGS)
    return dict(Template.from_stack(stack(app, **json.loads(context_json))).to_json())


def template(**context: object) -> dict[str, Any]:
    """The CloudFormation template for this context."""
    return _template(json.dumps(context, sort_keys=True))


def resources(kind: str, **context: object) -> dict[str, dict[str, Any]]:
    """The template's resources of one type, by logical id."""
    found = template(**context)["Resources"].items()
    return {name: resource for name, resource in found if resource["Type"] == kind}


def only(kind: str, **context: object) -> dict[str, Any]:
    """The properties of the template's only resource of this type."""
    (resource,) = resources(kind, **context).values()
    return dict(resource["Properties"])


def text(value: Any) -> str:
    """A template value as a string; what CloudFormation fills in is written `<LogicalId>` or `<LogicalId.Attr>`."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(text(part) for part in parts)
    return json.dumps(value)


def machine_id(part: str = "Workflow", **context: object) -> str:
    """The logical id of the measuring machine, or of the one in the part `BatchWorkflow`."""
    (found,) = (name for name in resources(MACHINE, **context) if name.startswith(f"{part}StateMachine"))
    return found


def machine(part: str = "Workflow", **context: object) -> dict[str, Any]:
    """The properties of the measuring machine, or of the one in the part `BatchWorkflow`."""
    return dict(resources(MACHINE, **context)[machine_id(part, **context)]["Properties"])


def definitions(**context: object) -> list[dict[str, Any]]:
    """The state machines in Amazon States Language."""
    machines = resources(MACHINE, **context).values()
    return [dict(json.loads(text(each["Properties"]["DefinitionString"]))) for each in machines]


def definition(part: str = "Workflow", **context: object) -> dict[str, Any]:
    """The measuring machine in Amazon States Language, or that in the part `BatchWorkflow`."""
    return dict(json.loads(text(machine(part, **context)["DefinitionString"])))
