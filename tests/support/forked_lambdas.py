"""Lambda environments without the imports of a cold start: forked from a process that has made them.

Half a minute of cold starts, all at once, would be what a busy machine has least of. That process imports the app, too,
from the code that was deployed, and anew when other code is. An environment has its own environment variables, makes
its own clients, and lives and dies as ministack wants it to.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session

from tests.support.journal import Journal
from tests.support.shared_definitions import share_definitions
from tests.support.unpacked_lambdas import UnpackedOnce

# What the app's Lambdas import of others.
IMPORTS = ("boto3.dynamodb.types", "botocore.handlers", "aws_lambda_powertools.metrics", "pydantic")
SERVICES = ("dynamodb", "s3", "rekognition", "sqs", "cloudwatch")
APP = ("lambdas", "iu_tuner")


class ForkServer:
    """The process to fork from; to be made while there is but one thread, and its channel."""

    def __init__(self) -> None:
        self._channel, served = socket.socketpair()
        self._lock = threading.Lock()
        if os.fork() == 0:
            self._channel.close()
            _serve(served)
        served.close()

    def patch(self, lambda_runtime: Any, journal: Journal) -> None:
        """From now on ministack's Python workers come from here; each one's pid goes to the journal."""

        def popen(command: Sequence[str], *, cwd: str, env: Mapping[str, str], **_: Any) -> Environment:
            environment = self._fork(command[1], cwd, env)
            journal.write(lambdaPid=environment.pid)
            return environment

        lambda_runtime.subprocess = SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE)
        lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": UnpackedOnce})

    def _fork(self, worker: str, cwd: str, env: Mapping[str, str]) -> Environment:
        launch = Path(worker).with_name("launch.json")
        launch.write_text(json.dumps({"worker": worker, "cwd": cwd, "env": dict(env)}), "utf-8")
        (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr), (over, alive) = (os.pipe() for _ in range(4))
        theirs = [stdin, stdout, stderr, alive]
        with self._lock:
            socket.send_fds(self._channel, [str(launch).encode()], theirs)
            pid = int(self._channel.recv(64))
        for fd in theirs:
            os.close(fd)
        return Environment(pid, to_stdin, from_stdout, from_stderr, over)


class Environment:
    """As much of a subprocess.Popen as ministack uses."""

    def __init__(self, pid: int, stdin: int, stdout: int, stderr: int, over: int) -> None:
        self.pid = pid
        self.stdin = os.fdopen(stdin, "w", buffering=1, encoding="utf-8")
        self.stdout, self.stderr = os.fdopen(stdout, encoding="utf-8"), os.fdopen(stderr, encoding="utf-8")
        # A pipe of which the process holds the other end, for as long as it lives.
        self._over = os.fdopen(over, encoding="utf-8")
        self._watch = select.poll()  # select takes no descriptor from 1,024 on
        self._watch.register(self._over, select.POLLIN)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """None while it lives."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        ended = self._ended(timeout)
        if ended is None:
            raise subprocess.TimeoutExpired("a Lambda", timeout or 0.0)
        return ended

    def terminate(self) -> None:
        """SIGTERM."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self._signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and self._watch.poll(None if timeout is None else 1000 * timeout):
            self.returncode = -1
        return self.returncode

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def _serve(channel: socket.socket) -> None:
    """Fork whenever asked, until ministack is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forked: they leave no zombies
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8")  # noqa: SIM115
    for name in IMPORTS:
        importlib.import_module(name)
    share_definitions()
    for service in SERVICES:  # reads their definitions
        botocore.session.Session().create_client(
            service, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
        )
    imported: Path | None = None
    while True:
        launch, fds, _, _ = socket.recv_fds(channel, 4096, 4)
        if not launch:
            os._exit(0)
        asked = json.loads(Path(launch.decode()).read_text("utf-8"))
        code = Path(launch.decode()).with_name("code").resolve()
        if code != imported and code.joinpath("lambdas").is_dir():
            _import_app(code, asked["env"])
            imported = code
        pid = os.fork()
        if pid == 0:
            channel.close()
            _become(asked, fds, forget=("tests", "local") if code == imported else ("tests", "local", *APP))
        for fd in fds:
            os.close(fd)
        channel.send(str(pid).encode())


def _import_app(code: Path, env: Mapping[str, str]) -> None:
    """Import all of it.

    Its logger writes to the file descriptor of stderr, which is another one in each environment.
    """
    _forget(APP)
    own, stdout = dict(os.environ), sys.stdout
    os.environ.update(env)
    sys.stdout = sys.stderr
    sys.path.insert(0, str(code))
    for file in (each for name in APP for each in code.joinpath(name).rglob("*.py")):
        # An environment that needs a module that can't be imported says so.
        with contextlib.suppress(ImportError):
            importlib.import_module(".".join(file.relative_to(code).with_suffix("").parts))
    sys.path.pop(0)
    sys.stdout = stdout
    os.environ.clear()
    os.environ.update(own)
    gc.freeze()


def _forget(packages: Sequence[str]) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in packages]:
        del sys.modules[name]


def _become(launch: Mapping[str, Any], fds: Sequence[int], *, forget: Sequence[str]) -> None:
    """What `python <worker>` would be."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, fd in enumerate(fds[:3]):
        os.dup2(fd, number)
        os.close(fd)
    sys.stdin, sys.stdout = open(0, encoding="utf-8"), open(1, "w", encoding="utf-8")  # noqa: SIM115
    os.chdir(launch["cwd"])
    os.environ.clear()
    os.environ.update(launch["env"])
    sys.argv[:] = [launch["worker"]]
    # Like ministack it has begun with the checkout's modules; from here on it finds those of its deployment.
    sys.path[0] = str(Path(launch["worker"]).parent)
    _forget(forget)
    try:
        runpy.run_path(launch["worker"], run_name="__main__")
    finally:
        os._exit(0)
