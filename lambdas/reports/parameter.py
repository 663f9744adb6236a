"""Publishes the answer as an SSM parameter for other stacks: `<prefix><project>/<version>/answer`.

Names of projects and versions consist of letters, digits, `_`, `.` and `-`, all of which SSM allows. The value is JSON,
far below the 4 kB of a standard parameter, which is free.
"""

from __future__ import annotations

import json
from dataclasses import replace

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.result import Output
from lambdas.aws.clients import client
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.past_runs.regression import Answer


def with_answer_parameter(output: Output, started_at: str) -> Output:
    """Write the parameter. Returns the output with its name; `started_at` is the start of the run (ISO 8601).

    It is written only if the stack has a prefix for it and the run a rate. If that fails, the parameter keeps its
    former value, and the output says so; the run does not fail.
    """
    prefix = settings().answer_parameter_prefix
    if not prefix or output.tps_per_inference_unit is None:
        return output
    name = parameter_name(prefix, output.model_arn)
    try:
        ssm = client("ssm", attempts=3, connect_s=3, read_s=5)  # the answer does not depend on it
        ssm.put_parameter(Name=name, Value=_value(output, started_at), Type="String", Overwrite=True)
    except AWS_ERRORS as error:
        logger.exception("the answer's parameter could not be written")
        return replace(output, answer_parameter_detail=f"{name} was not written: {error}")
    return replace(output, answer_parameter=name)


def parameter_name(prefix: str, model_arn: str) -> str:
    """The name of a model version's parameter; the prefix begins and ends with a slash."""
    return f"{prefix}{ModelArn.of(model_arn).name}/answer"


def _value(output: Output, started_at: str) -> str:
    answer = Answer.of(output, started_at, None)
    return json.dumps(
        {
            "modelArn": answer.model_arn,
            "minInferenceUnits": output.recommendation.min_inference_units,
            "maxInferenceUnits": output.recommendation.max_inference_units,
            "tpsPerInferenceUnit": answer.tps,
            "low": answer.low,
            "high": answer.high,
            "verdict": answer.verdict,
            "runId": answer.run_id,
            "at": started_at,
        }
    )
