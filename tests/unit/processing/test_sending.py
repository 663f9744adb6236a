"""Paced sending over real HTTP, judged by the simulated model's own books."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from botocore.credentials import Credentials

from lambdas.models.outcomes import ACCEPTED, Reply
from lambdas.models.ports import PreparedRequest
from lambdas.models.rekognition.data_plane import CustomLabelsDetector
from lambdas.models.rekognition.request import RequestSigner
from lambdas.processing import sending
from lambdas.processing.first_pace import MeasuredRate, first_pace
from lambdas.processing.pace import Pace
from lambdas.processing.sending import Sent, send_paced
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from simulation.samples.pictures import jpeg
from tests.unit.processing.memory_pace import MemoryPace
from tests.unit.simulated_model.conftest import client_of
from tests.waiting import wait_until

TPS, IMAGES = 40.0, 120


class Image:
    """A task that counts how often it was finished; it is sent again `again` times. Without a request it is decided."""

    def __init__(self, prepared: PreparedRequest | None, again: int = 0) -> None:
        self.prepared, self.again, self.replies = prepared, again, list[Reply]()

    def prepare(self) -> PreparedRequest | None:
        return self.prepared

    def finish(self, reply: Reply, ms: float) -> bool:
        assert ms > 0
        self.replies.append(reply)
        return len(self.replies) <= self.again


class Decided(Image):
    """A task of which it takes a while to find out that it needs no request."""

    def __init__(self) -> None:
        super().__init__(None)
        self.is_open = True

    def prepare(self) -> PreparedRequest | None:
        time.sleep(0.2)
        self.is_open = False
        return None


class Unused:
    """A connection without a request."""

    def send(self, prepared: PreparedRequest) -> Reply:
        raise AssertionError

    def close(self) -> None:
        pass


class Model:
    """A running simulated model and its detector."""

    def __init__(self, server: RunningSimulatedModel, truth: ModelTruth) -> None:
        self.server, self.arn = server, server.add_model(truth)["modelArn"]
        control = client_of(server)
        control.start_project_version(ProjectVersionArn=self.arn, MinInferenceUnits=1)
        wait_until("the model runs", lambda: self.server.model_report(self.arn)["status"] == "RUNNING")
        signer = RequestSigner(server.url, "us-east-1", Credentials("test", "test"))
        self.detector = CustomLabelsDetector(self.arn, signer)

    def images(self, number: int) -> list[Image]:
        return [Image(self.detector.request_with_bytes(jpeg(filling=each))) for each in range(number)]

    def totals(self) -> dict[str, int]:
        totals: dict[str, int] = self.server.model_report(self.arn)["totals"]
        return totals


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSimulatedModel]:
    with running_simulated_model([]) as running:
        yield running


def _send(model: Model, images: list[Image], pace: MemoryPace, seconds: float = 60.0) -> Sent:
    return send_paced(iter(images), pace, model.detector.connection, until=time.time() + seconds)


def test_every_image_is_finished_once_and_the_pace_is_kept(server: RunningSimulatedModel) -> None:
    model = Model(server, ModelTruth(tps_per_iu=TPS, start_s=0.0, latency_mean_s=0.05))
    images, pace = model.images(IMAGES), MemoryPace(first_pace(1, MeasuredRate(TPS / 2, 0.05)))
    decided = [Image(None) for _ in range(5)]

    sent = _send(model, [*images, *decided], pace)

    assert all(image.replies == [Reply(ACCEPTED)] for image in images)
    assert not any(image.replies for image in decided)
    assert (sent.accepted, sent.throttled, sent.requests) == (IMAGES, 0, IMAGES)
    assert model.totals()["accepted"] == model.totals()["sent"] == IMAGES
    by_second = model.server.model_report(model.arn)["perSecond"]
    assert len(by_second) >= IMAGES / (0.6 * TPS)
    assert 0 < pace.exchanges <= 4 * len(by_second)
    assert sent.paced_s > 0 and sent.busy_s > 0
    assert pace.outcomes == "0" * IMAGES, "the last ones, too, are reported"


def test_threads_take_turns_quickly_and_garbage_collections_leave_out_what_is_loaded() -> None:
    send_paced(iter(()), MemoryPace(Pace(rate=TPS, units=1)), Unused, until=0.0)

    assert sys.getswitchinterval() == pytest.approx(sending.SWITCH_S)
    assert gc.get_freeze_count() > 0


def test_no_more_slots_are_reserved_than_the_open_tasks_need(server: RunningSimulatedModel) -> None:
    model = Model(server, ModelTruth(tps_per_iu=TPS, start_s=0.0, latency_mean_s=0.1))
    images = model.images(25)
    pace = MemoryPace(Pace(TPS / 2, 1, next_free_at=time.time() + 1.5))  # others have reserved the next slots

    sent = send_paced(
        iter(images),
        pace,
        model.detector.connection,
        until=time.time() + 60,
        open_tasks=lambda: sum(not image.replies for image in images),
    )

    assert sent.accepted == len(images)
    # A thread that does not run in time may lose its slot.
    assert len(images) <= pace.reserved < 1.5 * len(images)


def test_no_slot_is_reserved_for_what_turns_out_to_need_no_request(
    server: RunningSimulatedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PREPARE_S", 60.0)
    model = Model(server, ModelTruth(tps_per_iu=TPS, start_s=0.0, latency_mean_s=0.02))
    [image], decided = model.images(1), [Decided() for _ in range(4)]
    pace = MemoryPace(first_pace(1, MeasuredRate(TPS, 0.02)))

    sent = send_paced(
        iter([image, *decided]),
        pace,
        model.detector.connection,
        until=time.time() + 60,
        open_tasks=lambda: sum(each.is_open for each in decided) + (not image.replies),
    )

    assert (sent.accepted, pace.reserved) == (1, 1)


def test_a_throttled_image_is_sent_again_and_its_throttles_are_no_replies(server: RunningSimulatedModel) -> None:
    model = Model(server, ModelTruth(tps_per_iu=TPS / 4, start_s=0.0, latency_mean_s=0.02))
    images = model.images(40)

    sent = _send(model, images, MemoryPace(first_pace(1, MeasuredRate(TPS, 0.02))))

    assert all(image.replies == [Reply(ACCEPTED)] for image in images)
    assert sent.throttled == model.totals()["throttled"] > 0
    assert sent.accepted == model.totals()["accepted"] == len(images)
    assert sent.throttled_s > 0


def test_a_task_that_may_not_be_sent_yet_is_asked_for_again(server: RunningSimulatedModel) -> None:
    model = Model(server, ModelTruth(tps_per_iu=TPS, start_s=0.0, latency_mean_s=0.05))
    images = model.images(6)

    def one_after_the_other() -> Iterator[Image | None]:
        for image in images:
            yield image
            while not image.replies:
                yield None

    pace = MemoryPace(first_pace(1, MeasuredRate(TPS, 0.05)))
    sent = send_paced(one_after_the_other(), pace, model.detector.connection, until=time.time() + 60)

    assert all(image.replies == [Reply(ACCEPTED)] for image in images)
    assert sent.requests == 6


def test_an_image_is_sent_again_as_often_as_its_task_asks(server: RunningSimulatedModel) -> None:
    model = Model(server, ModelTruth(tps_per_iu=TPS, start_s=0.0, latency_mean_s=0.01))
    images = model.images(6)
    images[2].again = 3

    sent = _send(model, images, MemoryPace(first_pace(1, MeasuredRate(TPS, 0.01))))

    assert [len(image.replies) for image in images] == [1, 1, 4, 1, 1, 1]
    assert sent.requests == 9


def test_what_is_not_sent_at_the_end_stays_with_the_caller(server: RunningSimulatedModel) -> None:
    model = Model(server, ModelTruth(tps_per_iu=TPS, start_s=0.0, latency_mean_s=0.01))
    images = model.images(200)

    sent = _send(model, images, MemoryPace(first_pace(1, MeasuredRate(TPS, 0.01))), seconds=1.0)

    finished = sum(len(image.replies) for image in images)
    assert finished == sent.accepted == model.totals()["accepted"] < len(images)


def test_a_model_that_is_gone_ends_the_sending(server: RunningSimulatedModel) -> None:
    model = Model(server, ModelTruth(tps_per_iu=TPS, start_s=0.0, stop_s=0.0, latency_mean_s=0.01))
    client_of(server).stop_project_version(ProjectVersionArn=model.arn)
    images = model.images(30)

    sent = _send(model, images, MemoryPace(first_pace(1, MeasuredRate(TPS, 0.01))))

    assert sent.model_is_gone and sent.accepted == 0
    assert not any(image.replies for image in images)


def test_an_error_of_a_task_ends_all_threads_and_is_raised(server: RunningSimulatedModel) -> None:
    model = Model(server, ModelTruth(tps_per_iu=TPS, start_s=0.0, latency_mean_s=0.01))

    class Broken(Image):
        def finish(self, reply: Reply, ms: float) -> bool:
            raise RuntimeError("the result could not be stored")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="could not be stored"):
        _send(
            model,
            [*model.images(5), Broken(model.images(1)[0].prepared)],
            MemoryPace(first_pace(1, MeasuredRate(TPS, 0.01))),
        )
    assert threading.active_count() == before
