"""Every call of AWS in the code has parameters that the service's own model knows, and all that it requires."""

from __future__ import annotations

import ast

import pytest
from botocore import xform_name

from tests.call_shapes import SESSION, calls, faults, services, trees


def test_every_call_has_the_parameters_of_its_operation() -> None:
    wrong = {file: found for file, tree in trees().items() if (found := faults(tree)[1])}

    assert wrong == {}


def test_the_calls_are_found() -> None:
    assert services() >= {"cloudwatch", "dynamodb", "events", "rekognition", "s3", "sns", "sqs", "stepfunctions"}
    assert sum(faults(tree)[0] for tree in trees().values()) >= 30


def test_every_paginator_and_every_exception_exists() -> None:
    models = [SESSION.get_service_model(service) for service in services()]
    errors = {shape.name for model in models for shape in model.error_shapes}
    paginators = {
        xform_name(name)
        for service in services()
        for name in SESSION.get_paginator_model(service)._paginator_config  # type: ignore[attr-defined]
    }
    asked = {
        str(call.args[0].value)
        for tree in trees().values()
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "get_paginator"
        and isinstance(call.args[0], ast.Constant)
    }
    caught = {
        node.attr
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "exceptions"
    }

    assert {"query", "list_objects_v2"} <= asked <= paginators
    assert {"ExecutionAlreadyExists"} <= caught | {"ConditionalCheckFailedException"} <= errors


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("client.put_item(TableName='t', Itm={})", ["no parameter Itm", "without Item"]),
        ("client.get_object(Bucket='b')", ["without Key"]),
        ("client.put_events(Entries=[{'Sauce': 's'}])", ["no Sauce in PutEventsRequestEntry"]),
        ("client.update_item(TableName='t', Key={}, ReturnValues='ALL')", ["ReturnValue is no ALL"]),
        ("client.detect_labels_of_mine(Image={})", ["no service has an operation detect_labels_of_mine"]),
        ("client.get_paginator('query').paginate(Table='t')", ["no parameter Table", "without TableName"]),
    ],
)
def test_a_wrong_call_would_be_found(source: str, wrong: list[str]) -> None:
    found = faults(ast.parse(source))[1]

    assert [line.partition(": ")[2] for line in found] == wrong
