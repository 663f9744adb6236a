"""`make playground`: the demo's world, left running until Ctrl-C, for `iu-tuner`, the AWS CLI and boto3.

Starts the embedded AWS and a simulated model, deploys the app with the CDK, uploads sample images, and prints what
reaches them. No AWS account, nothing left running.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys

from iu_tuner.exit_codes import Exit
from iu_tuner.streams import prepare_streams
from local.demo_model import DEMO_MODEL
from local.deployment import DeploymentError
from local.embedded_aws import REGION, EmbeddedAwsError
from local.simulated_model.account import ModelSetup
from local.simulated_model.arguments import add_truth_arguments, truth_from_arguments
from local.simulated_model.model_spec import TruthError
from local.world import World, running_world

READY = "The playground is ready; Ctrl-C ends it."


def main() -> int:
    """Run the playground until SIGINT or SIGTERM. Returns the exit code, 0 after Ctrl-C."""
    prepare_streams()
    parser = argparse.ArgumentParser(prog="make playground", description=__doc__)
    add_truth_arguments(parser)
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background jobs ignore it
    try:
        setup = ModelSetup(truth=truth_from_arguments(arguments, DEMO_MODEL), project="bees")
        with running_world(setup, lambda part: _say(f"{part} …"), _say) as world:
            _say(welcome(world))
            signal.pause()
    except KeyboardInterrupt:
        _say("\nEverything that was started has been stopped.")
    except TruthError as error:
        _say(str(error))
        return Exit.USAGE
    except (DeploymentError, EmbeddedAwsError, OSError) as error:
        _say(str(error))
        return 1
    return 0


def welcome(world: World) -> str:
    """What the playground has, and commands that reach it, each on one line to be copied."""
    model, machine = world.service.model_arns[0], world.outputs.state_machine_arn
    settings = {
        "AWS_ENDPOINT_URL": world.aws.url,
        "AWS_ENDPOINT_URL_REKOGNITION": world.service.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    there = ["--endpoint-url", world.aws.url]
    start = ["--state-machine-arn", machine, "--input", json.dumps({"modelArn": model})]
    another = json.dumps({"truth": {"tps_per_iu": 12.5}})
    lines = {
        "state machine": machine,
        "batch state machine": world.outputs.batch_state_machine_arn,
        "image bucket": world.outputs.image_bucket,
        "model": model,
        "embedded AWS": world.aws.url,
        "simulated Rekognition": world.service.url,
    }
    commands = (
        ["iu-tuner", "run", model, "--average-tps", "6", "--peak-tps", "15", *there],
        ["iu-tuner", "status", model, *there],
        ["aws", "stepfunctions", "start-execution", *start, *there],
        ["aws", "stepfunctions", "list-executions", "--state-machine-arn", machine, *there],
        ["aws", "rekognition", "describe-projects", "--endpoint-url", world.service.url],
        ["curl", "-X", "POST", f"{world.service.url}/_simulated/models", "-d", another],
    )
    return "\n".join(
        [
            "",
            *(f"  {name:<22}{value}" for name, value in lines.items()),
            "",
            "In another terminal, first (with these, --endpoint-url can be left out):",
            "",
            f"  export {' '.join(f'{name}={value}' for name, value in settings.items())}",
            "  unset AWS_PROFILE AWS_SESSION_TOKEN",
            "",
            "then for example (the last one adds a model and prints its ARN):",
            "",
            *(f"  {shlex.join(command)}" for command in commands),
            "",
            READY,
        ]
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
