"""What keeps a user from AWS ends the client with 6 and a sentence: real configurations, and a server that refuses."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from iu_tuner.cli import main as tune
from iu_tuner.cli.aws import stack as deployed
from iu_tuner.cli.session import interrupts as breaking_off
from iu_tuner.cli.session import polling as following
from iu_tuner.exit_codes import Exit
from tests.unit.cli.aws_stub import MODEL, Aws, refused

ARN = "arn:aws:iam::123456789012"
EXPIRED = '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "b", "Expiration": "2020-01-01T00:00:00Z"}'
PROFILES = f"""
[default]
region = eu-west-1
[profile mfa]
role_arn = {ARN}:role/tuner
mfa_serial = {ARN}:mfa/me
source_profile = keys
[profile keys]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = secret
[profile half]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
[profile sso]
sso_session = office
sso_account_id = 123456789012
sso_role_name = Tuner
[sso-session office]
sso_region = eu-west-1
sso_start_url = https://example.awsapps.com/start
[profile token]
role_arn = {ARN}:role/tuner
web_identity_token_file = /no/such/token
[profile loop]
role_arn = {ARN}:role/tuner
source_profile = pool
[profile pool]
role_arn = {ARN}:role/tuner
source_profile = loop
[profile no-program]
credential_process = /no/such/program
[profile failing]
credential_process = sh -c "echo 'ask the administrator' >&2; exit 3"
[profile text]
credential_process = echo hello
[profile list]
credential_process = echo []
[profile no-utf-8]
credential_process = printf '\\351'
[profile keyless]
credential_process = echo '{{"Version": 1}}'
[profile expired]
credential_process = echo '{EXPIRED}'
"""
GIVES_THEM = "look at what gives them: the credential_process"


@pytest.fixture(autouse=True)
def own_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the profiles above and nothing else, and no terminal."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text(PROFILES, "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return config


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the client says when it ends with 6."""
    assert tune.main(["history", MODEL, "--endpoint-url", "http://127.0.0.1:9", *arguments]) == Exit.AWS
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    return said.err


@pytest.mark.parametrize(
    ("profile", "wrong", "advice"),
    [
        ("default", "Unable to locate credentials", "run `aws configure` or `aws sso login`"),
        ("nobody", "The config profile (nobody) could not be found", "`aws configure list-profiles`"),
        ("mfa", f"MFA code for {ARN}:mfa/me), and there is no terminal", "`aws sts get-session-token`"),
        ("half", "missing: aws_secret_access_key", "run `aws configure`"),
        ("sso", "Token for office does not exist", "log in with `aws sso login`"),
        ("token", "/no/such/token", "web_identity_token_file"),
        ("loop", "Infinite loop in credential configuration", "look at ~/.aws/config"),
        ("no-program", "/no/such/program", GIVES_THEM),
        ("failing", "custom-process: ask the administrator", GIVES_THEM),
        ("text", "Expecting value: line 1 column 1", GIVES_THEM),
        ("list", "'list' object has no attribute", GIVES_THEM),
        ("no-utf-8", "UnicodeDecodeError", GIVES_THEM),
        ("keyless", "Missing required key in response: 'AccessKeyId'", GIVES_THEM),
        ("expired", "still expired", GIVES_THEM),
    ],
)
def test_credentials_that_can_t_be_had(
    capsys: pytest.CaptureFixture[str], profile: str, wrong: str, advice: str
) -> None:
    said = refusal(capsys, "--profile", profile)

    assert wrong in said
    assert advice in said.partition(" - ")[2]


@pytest.mark.parametrize("text", [b"no section\n", b"[default]\nregion = \xe9\n"])
def test_a_configuration_that_can_t_be_parsed_is_named(
    capsys: pytest.CaptureFixture[str], own_aws: Path, text: bytes
) -> None:
    own_aws.write_bytes(text)

    said = refusal(capsys)

    assert f"Unable to parse config file: {own_aws} (" in said
    assert "mend that file" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--profile", "keys"], 'Could not connect to the endpoint URL: "http://127.0.0.1:9/" - look at the network'),
        (["--profile", "keys", "--endpoint-url", "nonsense"], "Invalid endpoint: nonsense - --endpoint-url and"),
        (["--profile", "keys", "--region", "eu west"], "'eu west' doesn't match a supported format - name one like"),
        (["--profile", "keys", "--stack", "\udcff"], "can't be sent"),
    ],
)
def test_an_aws_that_can_t_be_asked(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert said in refusal(capsys, *arguments)


def test_without_a_region_it_is_asked_for(capsys: pytest.CaptureFixture[str], own_aws: Path) -> None:
    own_aws.write_text("[default]\naws_access_key_id = A\naws_secret_access_key = b\n", "utf-8")

    assert tune.main(["follow", "monday"]) == Exit.AWS
    assert "You must specify a region - name it with --region, or set AWS_REGION" in capsys.readouterr().err


@pytest.mark.parametrize("profile", ["mfa", "asking"])
def test_nothing_waits_for_an_answer_where_nobody_can_give_it(own_aws: Path, profile: str) -> None:
    asking = "[profile asking]\ncredential_process = sh -c 'read answer; echo $answer'\n"
    own_aws.write_text(PROFILES + asking, "utf-8")
    reader, writer = os.pipe()  # stdin that stays open, and never says anything

    ended = subprocess.run(
        [sys.executable, "-m", "iu_tuner.cli", "history", MODEL, "--profile", profile],
        stdin=reader,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        start_new_session=True,
    )

    os.close(reader)
    os.close(writer)
    assert ended.returncode == Exit.AWS
    assert len(ended.stderr.splitlines()) == 1


@contextmanager
def refusing_aws(code: str, message: str) -> Iterator[str]:
    """The URL of a CloudFormation that refuses each request so."""

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            body = f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("code", "message", "advice"),
    [
        ("ExpiredToken", "The security token included in the request is expired", "get new ones"),
        ("InvalidClientTokenId", "The security token is invalid", "`aws configure list`"),
        ("SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2", "set this machine's clock"),
        ("AccessDenied", "User: x is not authorized to perform: y", "docs/cli.md lists those"),
        ("OptInRequired", "The AWS Access Key Id needs a subscription", "another Region"),
        ("ValidationError", "Stack with id InferenceUnitTuner does not exist", "deploy it there, or name it with"),
        ("SomethingNew", "what no table knows", "try again"),
    ],
)
def test_a_refusal_of_aws_keeps_its_words_and_says_what_to_do(
    capsys: pytest.CaptureFixture[str], code: str, message: str, advice: str
) -> None:
    with refusing_aws(code, message) as url:
        said = refusal(capsys, "--profile", "keys", "--endpoint-url", url)

    assert f"{code} (DescribeStacks): {message} - " in said
    assert advice in said.partition(" - ")[2]


ANY_ERROR = [
    refused("ExpiredTokenException"),
    json.JSONDecodeError("Expecting value", "", 0),
    EOFError(),
    FileNotFoundError(2, "No such file or directory", "token"),
    AttributeError("'list' object has no attribute 'get'"),
]


@pytest.mark.parametrize("error", ANY_ERROR, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("describe_stacks", ["run", MODEL]),
        ("describe_execution", ["run", MODEL]),
        ("describe_execution", ["follow", "monday"]),
        ("start_execution", ["run", MODEL]),
        ("get_item", ["follow", "monday"]),
        ("get_paginator", ["history", MODEL]),
    ],
)
def test_whatever_a_call_of_any_command_raises_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    call: str,
    arguments: list[str],
    error: Exception,
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise error

    aws = Aws(["RUNNING"], has_run=arguments[0] == "follow")
    monkeypatch.setattr(aws, call, failing, raising=False)
    monkeypatch.setattr(deployed, "open_session", lambda *_: aws)
    monkeypatch.setattr(following, "PATIENCE_S", 0.01)
    for module in (following, breaking_off):
        monkeypatch.setattr(module, "PAUSE_S", 0.0)

    assert tune.main(arguments) == Exit.AWS
    assert " - " in capsys.readouterr().err
