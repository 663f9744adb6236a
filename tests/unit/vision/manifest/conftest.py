"""The command as a fixture, and an S3 for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.unit.vision.manifest.samples import Manifest


@pytest.fixture
def manifest(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Manifest:
    return Manifest(capsys, tmp_path)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an S3 with the buckets `mine` and `meadow`."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3")
        for bucket in ("mine", "meadow"):
            client.create_bucket(Bucket=bucket)
        yield client
