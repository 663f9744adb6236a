"""What each Lambda's role allows, as deployed, and what the Lambda did with it, as recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.embedded_aws import ACCOUNT_ID, REGION, EmbeddedAws
from tests.support.journal import calls as recorded_calls

_STACK = "InferenceUnitTuner"
_ROLE_OF = re.compile(r"Functions(\w+)Role[0-9A-F]{8}")
_VERSIONLESS = f"arn:aws:rekognition:{REGION}:{ACCOUNT_ID}:project/not-logged/1"


@dataclass(frozen=True, order=True)
class Call:
    """An API call of a Lambda."""

    function: str
    action: str
    resource: str

    @property
    def is_of_batches(self) -> bool:
        """Whether only batches need it: the end-to-end tests of batches look at it in their own deployment."""
        return self.function in OF_BATCHES or "BatchWorkflow" in self.resource


@dataclass(frozen=True, order=True)
class Right(Call):
    """One action on one resource, `*` and `?` in it, that a Lambda's role allows."""

    def covers(self, call: Call) -> bool:
        """Whether it is this right that allows the call."""
        if (self.function, self.action.lower()) != (call.function, call.action.lower()):
            return False
        pattern = re.escape(self.resource).replace(r"\*", ".*").replace(r"\?", ".")
        return re.fullmatch(pattern, call.resource, re.DOTALL) is not None


# The Lambdas that only the batch machine calls: the end-to-end tests of batches look at them.
OF_BATCHES = frozenset(
    (
        "PrepareBatch",
        "ListImages",
        "FindCurrent",
        "QuoteBatch",
        "PlanRound",
        "ProcessImages",
        "Summarise",
        "PublishBatch",
    )
)


@dataclass(frozen=True)
class Roles:
    """The Lambdas' roles of a deployment, read while it is there."""

    functions: Mapping[str, str]
    """Name of the role -> name of the Lambda."""
    names: Mapping[str, str]
    """Name of a resource here -> its name in the template: the same in every deployment."""
    rights: frozenset[Right]

    @classmethod
    def of(cls, aws: EmbeddedAws) -> Roles:
        """The roles and their policies as CloudFormation deployed them."""
        described = aws.client("cloudformation").describe_stack_resources(StackName=_STACK)["StackResources"]
        names = {each["PhysicalResourceId"]: each["LogicalResourceId"] for each in described}
        functions = {
            physical: match[1] for physical, logical in names.items() if (match := _ROLE_OF.fullmatch(logical))
        }
        iam = aws.client("iam")
        rights = frozenset(
            Right(function, action, _as_in_template(resource, names))
            for role, function in functions.items()
            for statement in _statements(iam, role)
            for action in _listed(statement["Action"])
            for resource in _listed(statement["Resource"])
        )
        return cls(functions, names, rights)

    def calls(self, journal: Path, model_calls: list[Mapping[str, Any]]) -> tuple[set[Call], set[Call]]:
        """The Lambdas' calls of AWS and of the simulated model's: (all of them, those that were denied)."""
        made: set[Call] = set()
        denied: set[Call] = set()
        callers: dict[str, str] = {}
        for entry in recorded_calls(journal):
            function = self.functions.get(_role_name(entry["principal"]))
            if function is not None:
                callers[entry["accessKeyId"]] = function
                call = Call(function, entry["action"], _as_in_template(entry["resource"], self.names))
                made.add(call)
                if entry["denied"]:
                    denied.add(call)
        for made_call in model_calls:
            # Each environment of a Lambda has an access key of its own, which both logs name.
            function = callers[made_call["accessKeyId"]]
            made.add(Call(function, f"rekognition:{made_call['operation']}", _resource_of(made_call)))
        return made, denied


def _statements(iam: Any, role: str) -> Iterator[Mapping[str, Any]]:
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            assert statement["Effect"] == "Allow"
            yield statement
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []


def _as_in_template(resource: str, names: Mapping[str, str]) -> str:
    """`arn:aws:s3:::<a bucket's generated name>/samples/*` with the bucket's logical id instead."""
    head, slash, rest = resource.partition("/")
    start, colon, name = head.rpartition(":")
    return f"{start}{colon}{names.get(name, name)}{slash}{rest}"


def _resource_of(model_call: Mapping[str, Any]) -> str:
    """What IAM would ask about; the log does not say which project was looked up."""
    match model_call["operation"]:
        case "DescribeProjects":
            return "*"
        case "DescribeProjectVersions":
            return _VERSIONLESS
    return str(model_call["modelArn"])


def _role_name(principal: str) -> str:
    """Of `arn:aws:sts::<account>:assumed-role/<role>/<session>`."""
    kind, _, rest = principal.rpartition(":")[2].partition("/")
    return rest.partition("/")[0] if kind == "assumed-role" else ""


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
