"""Every Lambda does only what its role allows, and its role allows only what it does.

The calls are those of the runs that all end-to-end tests look at, and of one more deployment's whole life:
runs ended from outside, with and without the rule that tells of it, images uploaded, the stack deleted.
"""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Deployment, Executions
from tests.e2e.life import Seen
from tests.support.rights import Call, Right, Roles

BY_RUNTIME = "the Lambda service writes logs and traces; the embedded AWS does so without asking IAM"
BY_POLLER = "the Lambda service polls the queue; the embedded AWS does so without asking IAM"
BY_SNS = "SNS encrypts a message with the rights of its publisher; the embedded AWS does so without asking IAM"
NO_QUOTAS = "the embedded AWS has no Service Quotas, and answers nothing"
# (Lambda or "every", action) -> why the role allows what was never seen.
UNSEEN = {
    ("every", "logs:CreateLogStream"): BY_RUNTIME,
    ("every", "logs:PutLogEvents"): BY_RUNTIME,
    ("every", "xray:PutTraceSegments"): BY_RUNTIME,
    ("every", "xray:PutTelemetryRecords"): BY_RUNTIME,
    ("every", "sqs:ReceiveMessage"): BY_POLLER,
    ("every", "sqs:DeleteMessage"): BY_POLLER,
    ("every", "sqs:GetQueueAttributes"): BY_POLLER,
    ("every", "kms:Decrypt"): BY_SNS,
    ("every", "kms:GenerateDataKey"): BY_SNS,
    ("every", "sqs:GetQueueUrl"): "the CDK grants it with the polling",
    ("Prepare", "dynamodb:DeleteItem"): "only when the stack is being deleted at this very moment",
    ("ReleaseOrphanedModel", "dynamodb:Scan"): "only for an execution whose input is too large for its event",
    ("Prepare", "lambda:GetAccountSettings"): "the embedded AWS answers it without asking IAM",
    ("Prepare", "servicequotas:ListServiceQuotas"): NO_QUOTAS,
    ("Prepare", "servicequotas:ListAWSDefaultServiceQuotas"): NO_QUOTAS,
    ("Recommend", "servicequotas:ListServiceQuotas"): NO_QUOTAS,
}


@pytest.fixture(scope="module")
def seen(deployment: Deployment, executions: Executions) -> Seen:
    executions.wait()
    roles = Roles.of(deployment.aws)
    calls, denied = roles.calls(deployment.journal, deployment.service.report()["callLog"])
    assert executions.life is not None
    rare = executions.life.result()
    rights = {right for right in set(roles.rights) | rare.rights if not right.is_of_batches}
    seen_calls = {call for call in calls | rare.calls if not call.is_of_batches}
    return Seen(rights, seen_calls, denied | rare.denied)


def is_excused(right: Right) -> bool:
    return any((function, right.action) in UNSEEN for function in ("every", right.function))


def test_every_call_is_allowed(seen: Seen) -> None:
    strays = {call for call in seen.calls if not any(right.covers(call) for right in seen.rights)}

    assert seen.calls
    assert sorted(strays) == []
    assert sorted(seen.denied) == []


def test_every_right_was_used_or_has_its_reason(seen: Seen) -> None:
    unused = {right for right in seen.rights if not any(right.covers(call) for call in seen.calls)}

    assert sorted(right for right in unused if not is_excused(right)) == []


def test_every_reason_is_still_needed(seen: Seen) -> None:
    unused = {right for right in seen.rights if not any(right.covers(call) for call in seen.calls)}

    needed = {("every", right.action) for right in unused} | {(right.function, right.action) for right in unused}
    assert set(UNSEEN) <= needed


def test_a_call_outside_the_policies_would_be_noticed(seen: Seen) -> None:
    (publish, *_) = (right for right in seen.rights if right.action == "s3:PutObject")
    bucket = publish.resource.partition("/")[0]

    strange = Call(publish.function, "s3:PutObject", f"{bucket}/samples/report.html")

    assert not any(right.covers(strange) for right in seen.rights)
