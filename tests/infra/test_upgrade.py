"""A deployed stack can be updated: what holds data keeps its logical id, so CloudFormation never replaces it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.deployments import EVERYTHING
from tests.infra.synth import template
from tests.support.earlier_version import RENAMED, STATEFUL


@pytest.mark.parametrize(("deployment", "context"), [("default", {}), ("everything", EVERYTHING)])
def test_what_holds_data_has_the_logical_id_that_it_had(deployment: str, context: dict[str, Any]) -> None:
    now = {name: resource["Type"] for name, resource in template(**context)["Resources"].items()}

    kept = {name: kind for name, kind in STATEFUL[deployment].items() if now.get(name) == kind}
    assert STATEFUL[deployment].keys() - kept.keys() == RENAMED
    assert {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue"} <= set(kept.values())
