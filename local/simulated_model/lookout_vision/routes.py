"""Serves the REST requests of Lookout for Vision."""

import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from local.simulated_model.account import Account, Model
from local.simulated_model.errors import ServiceError, violated
from local.simulated_model.lookout_vision import operations
from local.simulated_model.lookout_vision.errors import error_response, json_response
from local.simulated_model.lookout_vision.tokens import TokenBook
from local.simulated_model.wire import request as members_of
from local.simulated_model.wire.data_plane import DataPlane
from local.simulated_model.wire.detect import BODIES_KEPT, DetectRequest
from local.simulated_model.wire.images import MAX_BYTES, Image, inspect
from local.simulated_model.wire.protocol import attempt_number, drop, is_gone

PREFIX = "/2020-11-20/"
_PROJECT = r"(?P<project>[a-zA-Z0-9][a-zA-Z0-9_\-]{0,254})"
_MODEL = rf"projects/{_PROJECT}/models/(?P<version>[1-9][0-9]{{0,9}})"
ROUTES = {
    "DetectAnomalies": ("POST", re.compile(f"{_MODEL}/detect")),
    "StartModel": ("POST", re.compile(f"{_MODEL}/start")),
    "StopModel": ("POST", re.compile(f"{_MODEL}/stop")),
    "DescribeModel": ("GET", re.compile(_MODEL)),
    "ListModels": ("GET", re.compile(f"projects/{_PROJECT}/models")),
    "DescribeProject": ("GET", re.compile(f"projects/{_PROJECT}")),
    "ListProjects": ("GET", re.compile("projects")),
}
IMAGE_TYPES = ("image/jpeg", "image/png")
_TOKEN = re.compile(r"[a-zA-Z0-9-]{1,64}")


class LookoutVision:
    """The service's operations on the models of the account."""

    def __init__(self, account: Account, data_plane: DataPlane, clock: Callable[[], float]) -> None:
        self._account = account
        self._data_plane = data_plane
        self._clock = clock
        self._tokens = TokenBook()
        self._images: dict[bytes, Image] = {}

    async def answer(self, request: BaseRequest, body: bytes, body_sha256: bytes, access_key_id: str) -> web.Response:
        """The response to a request whose signature is checked."""
        operation, names = _route(request)
        version = names.get("version", "")
        if operation == "DetectAnomalies":
            try:
                return await self._detect(request, names, body, body_sha256, access_key_id)
            except ServiceError as error:
                self._account.refused[error.code] += 1
                return error_response(error, version)
        return self._control(request, operation, names, body, access_key_id)

    async def _detect(
        self, request: BaseRequest, names: dict[str, str], body: bytes, body_sha256: bytes, access_key_id: str
    ) -> web.Response:
        if request.headers.get("Content-Type") not in IMAGE_TYPES:
            kinds = ", ".join(IMAGE_TYPES)
            raise ServiceError("ValidationException", f"content-type must be one of the following. {kinds}")
        model = operations.find(self._account, **names)
        asked = DetectRequest(model.version_arn, self._image(body, body_sha256), None, 0.0)
        attempt = attempt_number(request.headers.get("amz-sdk-request", ""))
        detected = await self._data_plane.serve(model, asked, attempt, access_key_id, is_gone(request))
        if detected.error is not None:
            raise detected.error
        if detected.lost is not None:
            return drop(request, reset=detected.lost == "ConnectionReset")
        return json_response(detected.body)

    def _image(self, body: bytes, body_sha256: bytes) -> Image:
        image = self._images.get(body_sha256)
        if image is None:
            if len(self._images) >= BODIES_KEPT:
                self._images.clear()
            image = self._images[body_sha256] = inspect(body, MAX_BYTES)
        return image

    def _control(
        self, request: BaseRequest, operation: str, names: dict[str, str], body: bytes, access_key_id: str
    ) -> web.Response:
        now_s, outcome = self._clock(), "ok"
        model: Model | None = None
        try:
            if "version" in names:
                model = operations.find(self._account, **names)
            if model is not None and request.method == "POST":
                return self._change(request, operation, model, body, now_s)
            return json_response(self._described(request, operation, model, names, now_s))
        except ServiceError as error:
            outcome = error.code
            return error_response(error, names.get("version", ""))
        finally:
            if model is not None:
                model.calls[operation] += 1
            self._account.count_call(operation, model.version_arn if model else None, now_s, outcome, access_key_id)

    def _described(
        self, request: BaseRequest, operation: str, model: Model | None, names: dict[str, str], now_s: float
    ) -> dict[str, Any]:
        if model is not None:
            return operations.describe_model(model, now_s)
        if operation == "ListProjects":
            return operations.list_projects(self._account, request.query)
        if operation == "DescribeProject":
            return operations.describe_project(self._account, names["project"])
        return operations.list_models(self._account, names["project"], request.query, now_s)

    def _change(self, request: BaseRequest, operation: str, model: Model, body: bytes, now_s: float) -> web.Response:
        token, members = request.headers.get("X-Amzn-Client-Token"), members_of.parse(body)
        if token is not None and not _TOKEN.fullmatch(token):
            raise violated("clientToken", token, f"Member must satisfy regular expression pattern: {_TOKEN.pattern}")
        lost = []

        def change() -> dict[str, Any]:
            starts = operation == "StartModel"
            reply, replied = operations.start(model, members, now_s) if starts else operations.stop(model, now_s)
            lost.append(not replied)
            return reply

        reply = self._tokens.once(token, (operation, model.version_arn, json.dumps(members)), now_s, change)
        return drop(request, reset=False) if any(lost) else json_response(reply, 202)


def _route(request: BaseRequest) -> tuple[str, dict[str, str]]:
    for operation, (method, pattern) in ROUTES.items():
        found = pattern.fullmatch(request.path.removeprefix(PREFIX))
        if found is not None and method == request.method:
            return operation, found.groupdict()
    raise ServiceError("ValidationException", f"no operation at {request.method} {request.path}")
