"""The server of the simulated Rekognition: JSON 1.1 over HTTP for clients, and reports for demos and tests."""

import asyncio
import hashlib
import json
import ssl
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from local.simulated_model.account import Account, Model, ModelSetup
from local.simulated_model.errors import ServiceError
from local.simulated_model.settings import ServerSettings
from local.simulated_model.wire.data_plane import DataPlane
from local.simulated_model.wire.operations import OPERATIONS
from local.simulated_model.wire.protocol import (
    DETECT,
    asked_operation,
    attempt_number,
    detect_response,
    drop,
    error_response,
    is_gone,
    make_request,
    response,
)
from local.simulated_model.wire.report import model_names, report
from local.simulated_model.wire.request import parse
from local.simulated_model.wire.s3_images import S3Images
from local.simulated_model.wire.sigv4 import SignatureCheck

# Bytes; a whole 100 kB image fits, which needs fewer iterations of the event loop per request.
READ_BUFFER_BYTES = 1024**2


class SimulatedModelServer:
    """A server that listens between `start` and `stop`."""

    def __init__(self, settings: ServerSettings) -> None:
        # The only clock: epoch seconds that adjustments of the host's time do not affect.
        epoch_s = time.time() - time.monotonic()
        self.clock: Callable[[], float] = lambda: epoch_s + time.monotonic()
        self.settings = settings
        self.account = Account(settings.region, settings.account_id)
        for setup in settings.models:
            self.account.add_model(setup, self.clock())
        self.url = ""
        self._signatures = SignatureCheck(settings.region)
        key, secret = next(iter(settings.credentials.items()), ("test", "test"))
        self._s3_images = S3Images(settings.s3_endpoint_url, settings.region, key, secret)
        self._data_plane = DataPlane(self.account, self._s3_images, self.clock)
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Start to listen, and set `url`. aiohttp sets TCP_NODELAY on each connection."""
        server = web.Server(
            self._answer,
            request_factory=make_request,
            read_bufsize=READ_BUFFER_BYTES,
            access_log=None,
            auto_decompress=False,
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        tls = _tls(self.settings.certificate)
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port, backlog=1024, ssl_context=tls)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"{'https' if tls else 'http'}://{host}:{port}"

    async def stop(self) -> None:
        """Stop to listen, and close all connections."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._s3_images.close()

    async def _answer(self, request: BaseRequest) -> web.StreamResponse:
        if request.path.startswith("/_simulated/"):
            return await self._administer(request)
        body = await request.read()
        try:
            operation = asked_operation(request)
            headers = {name.lower(): value for name, value in request.headers.items()}
            body_sha256 = hashlib.sha256(body).digest()
            access_key_id = self._signatures.verify(headers, body_sha256, self.clock())
        except ServiceError as error:
            self.account.refused[error.code] += 1
            return error_response(error)
        if operation != DETECT:
            return self._control(request, operation, body, access_key_id)
        try:
            attempt = attempt_number(headers.get("amz-sdk-request", ""))
            detected = await self._data_plane.detect(body, body_sha256, attempt, access_key_id, is_gone(request))
        except ServiceError as error:
            self.account.refused[error.code] += 1
            return error_response(error)
        return detect_response(request, detected)

    def _control(self, request: BaseRequest, operation: str, body: bytes, access_key_id: str) -> web.StreamResponse:
        now_s = self.clock()
        version_arn, outcome = None, "ok"
        try:
            members = parse(body)
            version_arn = members.get("ProjectVersionArn")
            reply = OPERATIONS[operation](self.account, members, now_s)
            if reply.lost:
                outcome = "reply lost"
                return drop(request, reset=False)
            return response(json.dumps(reply.members).encode())
        except ServiceError as error:
            outcome = error.code
            return error_response(error)
        finally:
            model = self.account.models.get(version_arn) if isinstance(version_arn, str) else None
            if model is not None:
                model.calls[operation] += 1
            known_arn = model.version_arn if model else None
            self.account.count_call(operation, known_arn, now_s, outcome, access_key_id)

    async def _administer(self, request: BaseRequest) -> web.StreamResponse:
        match request.method, request.path:
            case "GET", "/_simulated/report":
                return web.json_response(report(self.account, self.clock()))
            case "GET", "/_simulated/images":
                return self._images(request.query.get("modelArn", ""))
            case "POST", "/_simulated/models":
                return await self._add_model(request)
        return web.json_response({"error": f"nothing at {request.method} {request.path}"}, status=404)

    def _images(self, version_arn: str) -> web.Response:
        model = self.account.models.get(version_arn)
        if model is None:
            return web.json_response({"error": f"modelArn: there is no model {version_arn!r}"}, status=404)
        return web.json_response(model.ledger.images)

    async def _add_model(self, request: BaseRequest) -> web.StreamResponse:
        try:
            setup = ModelSetup.from_mapping(json.loads(await request.read()))
            model: Model = self.account.add_model(setup, self.clock())
        except (ValueError, TypeError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(model_names(model))


def _tls(certificate: str | None) -> ssl.SSLContext | None:
    """TLS with OpenSSL's defaults: version 1.3 if the client supports it, two session tickets per connection."""
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def serve(settings: ServerSettings, stop: asyncio.Event, listening: Callable[[dict[str, Any]], None]) -> None:
    """Serve until `stop` is set; `listening` is called with the URL and the models."""
    server = SimulatedModelServer(settings)
    await server.start()
    try:
        names = [model_names(each) for each in server.account.models.values()]
        listening({"url": server.url, "models": names})
        await stop.wait()
    finally:
        await server.stop()
