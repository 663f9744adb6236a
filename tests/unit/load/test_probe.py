"""What a run says when the model takes none of the images, or does not let the stack ask."""

from __future__ import annotations

import json

import pytest

from iu_tuner.contract.errors import AccessDenied, NoUsableImages
from lambdas.images.image import Image
from lambdas.load.probe import Probe
from lambdas.load.step import StepPlan
from lambdas.load.worker_step import WorkerStep
from lambdas.models.outcomes import ACCEPTED, Reply
from lambdas.models.rekognition.facts import FACTS
from lambdas.models.rekognition.reply import reply_of

PLAN = StepPlan("probe", 4, workers=1, base_s=0.0, extended_s=0.0, max_s=0.0)
CALLER = "User: arn:aws:sts::123456789012:assumed-role/probe/probe is not authorized to perform: "
ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/b/1"
ACTION = f"rekognition:DetectCustomLabels on resource: {ARN}"


def probe(*replies: Reply) -> Probe:
    step = WorkerStep(PLAN, 0)
    for reply in replies:
        step.record(reply.outcome, 0.0, 0.1)
    return Probe(PLAN, step.counts(), [(image(index), reply) for index, reply in enumerate(replies)], FACTS)


def image(index: int) -> Image:
    return Image(f"samples/{index}.jpg", 1000)


def denied(because: str) -> Reply:
    error = {"__type": "AccessDeniedException", "Message": f"{CALLER}{ACTION} {because}"}
    return reply_of(400, json.dumps(error).encode())


@pytest.mark.parametrize(
    ("because", "advice"),
    [
        ("with an explicit deny in a service control policy", "a service control policy denies this explicitly"),
        ("with an explicit deny in an SCP", "no setting of this stack overrides it"),
        ("because no resource-based policy allows the action", "the resource's own policy must allow"),
        ("because no VPC endpoint policy allows the action", "the VPC endpoint policy must also allow"),
        ("because no permissions boundary allows the action", "the permissions boundary must also allow"),
        ("because no identity-based policy allows the action", "name the model in the context key modelArns"),
        ("", "name the model in the context key modelArns"),
    ],
)
def test_a_denial_keeps_the_services_sentence_and_gets_advice_that_fits(because: str, advice: str) -> None:
    with pytest.raises(AccessDenied) as refused:
        probe(Reply(ACCEPTED), denied(because)).check()

    assert f"{CALLER}{ACTION} {because}".rstrip() in refused.value.sentence
    assert advice in refused.value.sentence


def test_images_that_could_not_be_read_are_not_said_to_be_bad() -> None:
    unreadable = Reply("InvalidS3ObjectException", "Unable to get object metadata from S3.")

    with pytest.raises(NoUsableImages, match="Unable to get object metadata from S3.*Region") as refused:
        probe(unreadable, unreadable).check()

    assert "upload others" not in refused.value.sentence


def test_an_image_that_is_refused_alone_is_left_out() -> None:
    found = probe(Reply(ACCEPTED), Reply("ImageTooLargeException", "more than 4 MB"))

    found.check()

    assert [each.key for each in found.refused_images] == ["samples/1.jpg"]
    assert "more than 4 MB" in found.refused_images[0].reason
