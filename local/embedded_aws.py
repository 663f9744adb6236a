"""An embedded AWS: ministack with IAM enforcement, on a free loopback port, for the duration of a `with` block."""

import contextlib
import functools
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local.simulated_model.environment import child_environment

ACCOUNT_ID = "000000000000"
REGION = "us-east-1"
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 5.0
_START_ATTEMPTS = 3
_CONNECTIONS = 32
_MINISTACK = (str(Path(__file__).with_name("ministack_server.py")),)
# boto3 without settings from files or the environment, which may be wrong or refer to missing files.
_NO_SETTINGS = {
    name: (None, None, os.devnull if name in ("config_file", "credentials_file") else default, convert)
    for name, (_, _, default, convert) in botocore.session.Session.SESSION_VARIABLES.items()
}


class EmbeddedAwsError(RuntimeError):
    """The embedded AWS did not start; the message ends with the last lines of its log."""


@dataclass(frozen=True)
class EmbeddedAws:
    """A running embedded AWS with a single account, 000000000000, in the Region us-east-1."""

    url: str
    process_group: int
    """The process group of ministack and of the Lambda workers that it starts."""
    log_file: Path
    """The output of ministack and its Lambdas; deleted with the embedded AWS."""

    def env(self) -> dict[str, str]:
        """The environment of this process with all AWS settings replaced, for the CDK CLI and boto3."""
        return child_environment() | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str) -> Any:
        """A boto3 client with the permissions of the account's root; it ignores the environment."""
        return _client(self.url, service)


@functools.cache
def _client(url: str, service: str) -> Any:
    """A cached client: making one takes a hundred times as long as a call, and threads may share it."""
    session: Any = boto3.session.Session(botocore_session=botocore.session.Session(_NO_SETTINGS))
    return session.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(max_pool_connections=_CONNECTIONS),
    )


@contextlib.contextmanager
def embedded_aws(*, program: Sequence[str] = _MINISTACK, **options: str) -> Iterator[EmbeddedAws]:
    """Start an embedded AWS, and stop it with all its Lambda workers at the end of the block.

    It also stops on Ctrl-C and, in the main thread, on SIGTERM. `program` holds Python's arguments, which must lead to
    ministack's `main`. `options` are further environment variables for ministack.
    Raises EmbeddedAwsError.
    """
    home = Path(tempfile.mkdtemp(prefix="embedded-aws-"))
    try:
        with _sigterm_unwinds():
            process, port, log_file = _start_healthy(home, program, options)
            try:
                yield EmbeddedAws(f"http://127.0.0.1:{port}", process.pid, log_file)
            finally:
                _stop(process)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _start_healthy(
    home: Path, program: Sequence[str], options: Mapping[str, str]
) -> tuple["subprocess.Popen[bytes]", int, Path]:
    for _ in range(_START_ATTEMPTS):
        # Another process may take the port before ministack binds it; then another port is tried.
        port = _free_port()
        log_file = home / f"ministack-{port}.log"
        process = _start(port, home, log_file, program, options)
        is_healthy = False
        try:
            is_healthy = _wait_until_healthy(process, port)
            if is_healthy:
                return process, port, log_file
        finally:
            if not is_healthy:
                _stop(process)
    tail = "\n".join(log_file.read_text("utf-8", errors="replace").splitlines()[-20:])
    raise EmbeddedAwsError(f"ministack did not start in {_START_ATTEMPTS} attempts:\n{tail}")


def _start(
    port: int, home: Path, log_file: Path, program: Sequence[str], options: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    environment = child_environment() | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "false",  # otherwise it also opens port 8883
        "AUTH": "true",  # every Lambda has exactly the permissions of its role
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "TMPDIR": str(home),
        "STATE_DIR": str(home / "state"),
        "S3_DATA_DIR": str(home / "s3"),
        **options,
    }
    # The Lambdas inherit this environment; they must import their own code, not the checkout's.
    environment.pop("PYTHONPATH", None)
    with log_file.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, *program],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A separate session: Ctrl-C does not reach it before this process, and its workers stop with it.
            start_new_session=True,
        )


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End ministack, then the Lambda workers that are left in its process group."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_STOP_TIMEOUT_S)


def _wait_until_healthy(process: "subprocess.Popen[bytes]", port: int) -> bool:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/_ministack/health")
            # Polls the process again: if it found the port taken, the response may be from another ministack.
            if connection.getresponse().status == 200 and process.poll() is None:
                return True
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    """Make SIGTERM end this process through its `finally` blocks."""
    is_ours = (
        threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if not is_ours:
        yield
        return
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
