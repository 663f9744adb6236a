"""The embedded AWS comes up alone, on loopback, and leaves nothing behind."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.embedded_aws import embedded_aws
from tests.infra.synth import REPOSITORY

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
# A shell's background job ignores Ctrl-C, and so would its children.
HOLD = """
import signal, time
from local.embedded_aws import embedded_aws
signal.signal(signal.SIGINT, signal.default_int_handler)
with embedded_aws() as aws:
    print(aws.url, aws.process_group, aws.log_file.parent, flush=True)
    time.sleep(600)
"""


def is_open(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) == 0


def test_it_answers_as_the_account_and_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1:9")
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("AWS_RETRY_MODE", "no-such-mode")
    monkeypatch.setenv("AWS_CONFIG_FILE", __file__)  # which is none

    with embedded_aws() as aws:
        identity = aws.client("sts").get_caller_identity()
        environment = aws.env()
        home = aws.log_file.parent
        assert is_open(aws.url)

    assert identity["Account"] == "000000000000"
    assert environment["AWS_ENDPOINT_URL"] == aws.url
    assert "AWS_PROFILE" not in environment
    assert not is_open(aws.url)
    assert not home.exists()


def test_a_proxy_is_not_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "kept.example")

    with embedded_aws() as aws:
        identity = aws.client("sts").get_caller_identity()

    assert identity["Account"] == "000000000000"
    assert aws.env()["NO_PROXY"] == aws.env()["no_proxy"] == "kept.example,127.0.0.1,localhost"


def test_its_lambdas_run_where_the_machine_s_encoding_is_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}.items():
        monkeypatch.setenv(name, value)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("spoken.py", "def handler(event, context): return '–' + event")

    with embedded_aws() as aws:
        aws.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=TRUST)
        aws.client("lambda").create_function(
            FunctionName="spoken",
            Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
            Handler="spoken.handler",
            Role="arn:aws:iam::000000000000:role/any",
            Code={"ZipFile": code.getvalue()},
        )
        answer = aws.client("lambda").invoke(FunctionName="spoken", Payload=json.dumps("ä"))["Payload"].read()

    assert json.loads(answer) == "–ä"


def test_two_of_them_do_not_meet() -> None:
    with embedded_aws() as one, embedded_aws() as other:
        one.client("s3").create_bucket(Bucket="only-here")

        assert other.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_its_owner_stops_it_too(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as owner:
        assert owner.stdout is not None
        url, group, home = owner.stdout.readline().split()
        os.killpg(int(group), 0)

        owner.send_signal(number)

        assert owner.wait(timeout=120) != 0
        assert not is_open(url)
        assert not Path(home).exists()
        with pytest.raises(ProcessLookupError):
            os.killpg(int(group), 0)
