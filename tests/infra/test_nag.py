"""cdk-nag's AwsSolutions pack finds nothing that is not acknowledged beside the code."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infra.deployments import BOUNDARY, KEY, MODEL, NETWORK, STARTS_BY_ITSELF
from tests.infra.synth import FLAGS, stack


def findings(outdir: Path, context: dict[str, object], *, with_a_bad_queue: bool = False) -> set[str]:
    import aws_cdk as cdk
    from aws_cdk import aws_sqs as sqs
    from cdk_nag import AwsSolutionsChecks

    app = cdk.App(outdir=str(outdir), context=FLAGS)
    tuner = stack(app, **context)
    if with_a_bad_queue:
        sqs.Queue(tuner, "Bad")
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        assert "ValidationFailed" in str(error)
    report: dict[str, Any] = json.loads((outdir / "validation-report.json").read_text("utf-8"))
    return {violation["ruleName"] for plugin in report["pluginReports"] for violation in plugin.get("violations", [])}


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"modelArns": [MODEL], "imagePrefixes": "samples/", "imageBuckets": "my-images,other-images/bees/"},
        {**STARTS_BY_ITSELF, "local": "true"},
        {**STARTS_BY_ITSELF, "kmsKeyArn": KEY, "notifyEmail": "me@example.com"},
        {**STARTS_BY_ITSELF, **NETWORK, "permissionsBoundaryArn": BOUNDARY},
    ],
    ids=["default", "named models and images", "local", "key", "network and boundary"],
)
def test_nothing_is_found(tmp_path: Path, context: dict[str, object]) -> None:
    assert findings(tmp_path, context) == set()


def test_a_fault_would_be_found(tmp_path: Path) -> None:
    assert findings(tmp_path, {}, with_a_bad_queue=True) == {"AwsSolutions-SQS3", "AwsSolutions-SQS4"}
