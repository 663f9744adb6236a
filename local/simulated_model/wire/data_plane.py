"""Serves DetectCustomLabels: from the request's body to the response and its time."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from local.simulated_model.account import Account, Model
from local.simulated_model.errors import (
    ACCOUNT_RATE_EXCEEDED,
    RATE_EXCEEDED,
    S3_RATE_EXCEEDED,
    SERVER_ERROR,
    SLOW_DOWN,
    ServiceError,
    refusal,
)
from local.simulated_model.service import SimulatedService
from local.simulated_model.wire.detect import DetectParser, DetectRequest, S3Name
from local.simulated_model.wire.operations import find
from local.simulated_model.wire.s3_images import S3Images


class Detected(NamedTuple):
    """The response: a body, an error, or none (then `lost` says how the connection ends)."""

    body: bytes = b""
    error: ServiceError | None = None
    lost: str | None = None


class DataPlane:
    """Serves and counts DetectCustomLabels requests of all models. `clock` returns epoch seconds and never jumps."""

    def __init__(self, account: Account, s3_images: S3Images, clock: Callable[[], float]) -> None:
        self._account = account
        self._s3_images = s3_images
        self._clock = clock
        self._parser = DetectParser()
        self._s3_random = Random(0)

    async def detect(
        self, body: bytes, body_sha256: bytes, attempt: int, access_key_id: str, is_gone: Callable[[], bool]
    ) -> Detected:
        """Serve a DetectCustomLabels; `is_gone` returns whether its client has disconnected."""
        request = self._parser.parse(body, body_sha256)
        return await self.serve(find(self._account, request.version_arn), request, attempt, access_key_id, is_gone)

    async def serve(
        self, model: Model, request: DetectRequest, attempt: int, access_key_id: str, is_gone: Callable[[], bool]
    ) -> Detected:
        """Serve a request to a model; `is_gone` returns whether its client has disconnected."""
        arrived_at_s = self._clock()
        ledger, image = model.ledger, request.image_name
        ledger.arrive(arrived_at_s, attempt)
        self._account.log_detect(model, arrived_at_s, access_key_id)
        try:
            detected = await self._serve(model, request, is_gone)
        except ServiceError as error:
            detected = Detected(error=error)
        except BaseException:
            ledger.record(arrived_at_s, image, "failed", "ServerClosed")
            raise
        if is_gone():
            ledger.record(arrived_at_s, image, "failed", "ClientLeft")
        elif detected.error is not None and _is_throttle(detected.error):
            ledger.record(arrived_at_s, image, "throttled")
        elif detected.error is not None:
            ledger.record(arrived_at_s, image, "failed", detected.error.code)
        elif detected.lost is not None:
            ledger.record(arrived_at_s, image, "failed", detected.lost)
        else:
            ledger.record(arrived_at_s, image, "accepted")
            if ledger.totals["accepted"] == model.life.truth.lost_after_answers:
                model.life.lose(self._clock())
        return detected

    async def _serve(self, model: Model, request: DetectRequest, is_gone: Callable[[], bool]) -> Detected:
        truth = model.life.truth
        _running_service(model, self._clock())
        image = request.image
        if isinstance(image, S3Name):
            if truth.s3_throttle_share and self._s3_random.random() < truth.s3_throttle_share:
                raise ServiceError("ProvisionedThroughputExceededException", S3_RATE_EXCEEDED)
            image = await self._s3_images.image(image)
        if image.refusal is not None:
            raise ServiceError(image.refusal.code, image.refusal.message)
        if (code := model.answers.refusal(request.key, image.content_sha256)) is not None:
            raise refusal(code)
        now_s = self._clock()
        # The model may have stopped during the read from S3.
        service = _running_service(model, now_s)
        by_s3 = isinstance(request.image, S3Name)
        cost = truth.image_cost(image.content_sha256, image.size_bytes, by_s3=by_s3)
        answer = service.offer(now_s, cost)
        await self._sleep_until(answer.ready_s, is_gone)
        match answer.kind:
            case "accepted":
                model.ledger.note_image(image.content_sha256, cost)
                min_confidence, max_labels = request.min_confidence, request.max_labels
                return Detected(body=model.answers.body(request.key, image.content_sha256, max_labels, min_confidence))
            case "throttled":
                raise ServiceError("ProvisionedThroughputExceededException", RATE_EXCEEDED)
            case "account_throttled":
                is_ramp = truth.account_error == "SuddenIncrease"
                raise ServiceError("ThrottlingException", SLOW_DOWN if is_ramp else ACCOUNT_RATE_EXCEEDED)
            case "error500":
                raise ServiceError("InternalServerError", SERVER_ERROR)
            case "reset":
                return Detected(lost="ConnectionReset")
        return Detected(lost="Hang")

    async def _sleep_until(self, ready_s: float, is_gone: Callable[[], bool]) -> None:
        while (left_s := ready_s - self._clock()) > 0:
            # Polled every second, so that a disconnected client does not keep its request open.
            await asyncio.sleep(left_s if left_s < 1.5 else 1.0)
            if is_gone():
                return


def _is_throttle(error: ServiceError) -> bool:
    return error.code == "ProvisionedThroughputExceededException" and error.message == RATE_EXCEEDED


def _running_service(model: Model, now_s: float) -> SimulatedService:
    status = model.life.advance(now_s)
    service = model.life.service
    if service is None:
        raise ServiceError("ResourceNotReadyException", f"The model is not running: its status is {status}.")
    return service
