"""The answer as an SSM parameter, for other stacks to read: `<prefix><project>/<version>/answer`.

Names of projects and versions are made of letters, digits, `_`, `.` and `-`, all of which SSM allows: nothing has to be
mapped. The value is JSON, far below the 4 kB of a standard parameter, which costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from iu_tuner.contract.model_arn import MODEL_ARN
from lambdas.aws.clients import client
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.past_runs.regression import Answer


def with_answer_parameter(output: dict[str, Any], at: str) -> dict[str, Any]:
    """The output with the parameter's name, once it is written; `at` is when the run started.

    Only where the stack has a prefix for it, and there is a rate. A parameter that can't be written keeps its former
    value; the run does not fail for it, and the output says so.
    """
    prefix = settings().answer_parameter_prefix
    if not prefix or output["tpsPerInferenceUnit"] is None:
        return output
    name = parameter_name(prefix, output["modelArn"])
    try:
        ssm = client("ssm", attempts=3, connect_s=3, read_s=5)  # the answer is published without it, too
        ssm.put_parameter(Name=name, Value=_value(output, at), Type="String", Overwrite=True)
    except AWS_ERRORS as error:
        logger.exception("the answer's parameter could not be written")
        return {**output, "answerParameter": None, "answerParameterDetail": f"{name} was not written: {error}"}
    return {**output, "answerParameter": name}


def parameter_name(prefix: str, model_arn: str) -> str:
    """Where the answer on a model version is; the prefix begins and ends with a slash."""
    parts = MODEL_ARN.fullmatch(model_arn)
    assert parts, f"{model_arn} was not checked at the door"
    return f"{prefix}{parts['project']}/{parts['version']}/answer"


def _value(output: Mapping[str, Any], at: str) -> str:
    answer = Answer.of(output, at, None)
    return json.dumps(
        {
            "modelArn": answer.model_arn,
            "minInferenceUnits": output["recommendation"]["minInferenceUnits"],
            "maxInferenceUnits": output["recommendation"]["maxInferenceUnits"],
            "tpsPerInferenceUnit": answer.tps,
            "low": answer.low,
            "high": answer.high,
            "verdict": answer.verdict,
            "runId": answer.run_id,
            "at": at,
        }
    )
