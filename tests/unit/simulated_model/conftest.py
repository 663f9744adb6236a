"""Servers of simulated models, shared by the tests on the wire."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config

from local.simulated_model.process import RunningSimulatedModel, running_simulated_model

ONE_ATTEMPT = Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=60)


@pytest.fixture(scope="session")
def simulated() -> Iterator[RunningSimulatedModel]:
    """One server for all tests; each test adds models of its own."""
    with running_simulated_model([]) as running:
        yield running


def client_of(running: RunningSimulatedModel, config: Config = ONE_ATTEMPT, **options):
    """An unchanged boto3 client of the server."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return boto3.client("rekognition", endpoint_url=running.url, config=config, **{**keys, **options})


@pytest.fixture(scope="session")
def client(simulated):
    """A boto3 client that never retries."""
    return client_of(simulated)
