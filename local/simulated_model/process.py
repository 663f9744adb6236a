"""Runs a simulated model in a separate process, for demos and tests."""

import json
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryFile
from typing import IO, Any

from local.simulated_model.account import ModelSetup
from local.simulated_model.environment import child_environment
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.settings import ServerSettings

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class RunningSimulatedModel:
    """A server that listens at `url`; `models` has each model's names, in the given order."""

    url: str
    models: tuple[dict[str, str], ...]
    pid: int
    certificate: str | None = None  # file with the certificate to trust, if the server uses HTTPS

    @property
    def model_arns(self) -> tuple[str, ...]:
        """The version ARNs of the models with which the server started."""
        return tuple(each["modelArn"] for each in self.models)

    def report(self) -> dict[str, Any]:
        """The whole report: GET /_simulated/report."""
        report: dict[str, Any] = self._json(urllib.request.Request(f"{self.url}/_simulated/report"))
        return report

    def model_report(self, model_arn: str | None = None) -> dict[str, Any]:
        """The report of one model (default: the first)."""
        wanted = model_arn or self.model_arns[0]
        reports: list[dict[str, Any]] = self.report()["models"]
        return next(each for each in reports if each["modelArn"] == wanted)

    def image_books(self, model_arn: str | None = None) -> dict[str, dict[str, int]]:
        """By image of a model (default: the first): how often it had which outcome, failures by name.

        The name of an image is its key in S3, or its SHA-256 in hex if it came as bytes.
        """
        query = urllib.parse.urlencode({"modelArn": model_arn or self.model_arns[0]})
        books: dict[str, dict[str, int]] = self._json(urllib.request.Request(f"{self.url}/_simulated/images?{query}"))
        return books

    def add_model(self, model: ModelTruth | ModelSetup) -> dict[str, str]:
        """Add a model. Returns its names (`modelArn`, `projectArn`, `project`, `version`)."""
        body = json.dumps(asdict(_setup(model))).encode()
        request = urllib.request.Request(f"{self.url}/_simulated/models", data=body, method="POST")
        names: dict[str, str] = self._json(request)
        return names

    def _json(self, request: urllib.request.Request) -> Any:
        # Requests to loopback must bypass any proxy of the environment.
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self.certificate:
            trusted = ssl.create_default_context(cafile=self.certificate)
            handlers.append(urllib.request.HTTPSHandler(context=trusted))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=30) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from error


@contextmanager
def running_simulated_model(
    models: Sequence[ModelTruth | ModelSetup], s3_endpoint_url: str | None = None, **settings: Any
) -> Iterator[RunningSimulatedModel]:
    """Start a server on a free loopback port, wait until it listens, and stop it at the end.

    `settings` are other fields of ServerSettings. Raises RuntimeError with the server's output if it does not start.
    The server also ends if this process ends in any way.
    """
    setups = tuple(_setup(each) for each in models)
    config = asdict(ServerSettings(models=setups, s3_endpoint_url=s3_endpoint_url, **settings))
    command = [sys.executable, "-m", "local.simulated_model.serving", "--config", "-", "--stop-at-eof"]
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        server = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
        )
        try:
            greeting = _greeting(server, json.dumps(config), log)
            yield RunningSimulatedModel(
                greeting["url"], tuple(greeting["models"]), server.pid, settings.get("certificate")
            )
        finally:
            _stop(server)


def _setup(model: ModelTruth | ModelSetup) -> ModelSetup:
    return ModelSetup(truth=model) if isinstance(model, ModelTruth) else model


def _greeting(server: "subprocess.Popen[str]", config: str, log: IO[str]) -> dict[str, Any]:
    assert server.stdin is not None and server.stdout is not None
    lines: Queue[str] = Queue()
    threading.Thread(target=lambda out: lines.put(out.readline()), args=(server.stdout,), daemon=True).start()
    try:
        server.stdin.write(config + "\n")
        server.stdin.flush()
        line = lines.get(timeout=START_TIMEOUT_S)
    except (Empty, BrokenPipeError):
        line = ""
    if not line:
        server.kill()
        server.wait()
        log.seek(0)
        raise RuntimeError(f"the simulated model did not start: {log.read()[-2000:]}")
    greeting: dict[str, Any] = json.loads(line)
    return greeting


def _stop(server: "subprocess.Popen[str]") -> None:
    server.terminate()
    try:
        server.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    for pipe in (server.stdin, server.stdout):
        if pipe is not None:
            pipe.close()
