"""Reads a model of Lookout for Vision. boto3 has had no client since AWS ended the service: the call is signed here."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from iu_tuner.cli.aws.clients import AwsClients
from iu_tuner.cli.aws.errors import calling_aws
from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.exit_codes import ClientError, UsageError

_ENDPOINT_VARIABLE, _ENDPOINT_OUTPUT = "AWS_ENDPOINT_URL_LOOKOUTVISION", "LookoutVisionEndpointUrl"
_TIMEOUT_S = 20


def endpoint_of(outputs: Mapping[str, str]) -> str | None:
    """The endpoint that the environment or a stack with these outputs names."""
    return os.environ.get(_ENDPOINT_VARIABLE) or outputs.get(_ENDPOINT_OUTPUT)


def describe_model(aws: AwsClients, endpoint: str | None, model: ModelArn) -> Mapping[str, Any]:
    """The ModelDescription.

    Raises:
        UsageError: there is no endpoint, or no such model. ClientError: the service refuses, or can't be reached.
    """
    if not endpoint:
        raise UsageError(
            f"modelArn: got {model}; Amazon Lookout for Vision has ended: set {_ENDPOINT_VARIABLE} to a service that "
            "speaks its protocol, or deploy with -c lookoutVisionEndpointUrl=<url>"
        )
    path = f"/2020-11-20/projects/{model.project}/models/{model.version}"
    request = AWSRequest("GET", f"{endpoint.rstrip('/')}{path}")
    with calling_aws():
        SigV4Auth(aws.session.get_credentials(), model.service, model.region).add_auth(request)
        reply = URLLib3Session(timeout=_TIMEOUT_S).send(request.prepare())
    if reply.status_code == 404:
        raise UsageError(f"modelArn: got {model}; there is no such model in this account and Region")
    try:
        description: Mapping[str, Any] = json.loads(reply.content)["ModelDescription"]
    except (ValueError, KeyError, TypeError) as error:
        raise ClientError(f"{endpoint} does not describe the model {model}: HTTP {reply.status_code}") from error
    return description
