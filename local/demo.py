"""`make demo`: the whole app on this machine. No AWS account, nothing left running.

Starts the embedded AWS and a simulated model, deploys the app with the CDK, uploads sample images,
runs an execution and shows it live; then the answer beside the simulated truth.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from iu_tuner.cli.aws.runs_table import RunsTable
from iu_tuner.cli.aws.tuner import DEFAULT_PRICE_USD, Tuner
from iu_tuner.cli.options.input_flags import expected_cost
from iu_tuner.cli.session.polling import poll
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import units_table
from iu_tuner.contract.errors import RunError
from iu_tuner.contract.execution_input import parse_input
from iu_tuner.contract.model_arn import SERVICES, ModelArn
from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.result import Output
from iu_tuner.exit_codes import ClientError, Exit, UsageError
from iu_tuner.streams import prepare_streams
from lambdas.models.registry import facts_of
from local.demo_batch import run_batch
from local.demo_model import DEMO_MODEL, DEMO_TEST
from local.demo_uploads import context as uploads_context
from local.demo_uploads import run_uploads
from local.demo_view import answer_table
from local.deployment import DeploymentError
from local.embedded_aws import ACCOUNT_ID, REGION, EmbeddedAws, EmbeddedAwsError
from local.simulated_model.account import ModelSetup
from local.simulated_model.arguments import add_truth_arguments, truth_from_arguments
from local.simulated_model.model_spec import TruthError
from local.simulated_model.process import RunningSimulatedModel
from local.world import World, no_context, running_world

RESULT = Path("out/result.json")
REPORT, STEPS = RESULT.with_name("report.html"), RESULT.with_name("steps.csv")
MAX_RUN_S = 600.0
TASKS = ("measure", "process", "uploads")


def main() -> int:
    """Run the demo. Returns the exit code: 0 if the run succeeded and the model is stopped."""
    prepare_streams()
    arguments = _arguments()
    console = Console()
    try:
        for earlier in (RESULT, REPORT, STEPS):
            earlier.unlink(missing_ok=True)  # so that it is not taken for the answer of this run
        return _run(arguments, console)
    except KeyboardInterrupt:
        console.print("\nInterrupted: everything that was started has been stopped.")
        return 130
    except (RunError, TruthError, UsageError) as error:
        console.print(str(error), style="red", highlight=False, markup=False)
        return Exit.USAGE
    except (ClientError, DeploymentError, EmbeddedAwsError, OSError) as error:
        console.print(str(error), style="red", highlight=False, markup=False)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    run = parser.add_argument_group("the run")
    run.add_argument("--service", default="rekognition", choices=sorted(SERVICES), help="the service whose model it is")
    run.add_argument(
        "--task", default="measure", choices=list(TASKS), help="process: a batch of images; uploads: a pipeline"
    )
    run.add_argument("--images", type=int, default=600, metavar="N", help="of the batch, or to upload")
    run.add_argument("--mode", default="standard", choices=["quick", "standard", "precise"])
    run.add_argument("--inference-units", type=int, default=1, metavar="N", help="to start the model with")
    run.add_argument("--in-flight-per-worker", type=int, default=8, metavar="N", help="1: a worker per request")
    run.add_argument("--verify-scaling", action="store_true", help="measure with twice the units, too")
    run.add_argument("--average-tps", type=float, default=6.0, metavar="X", help="the demand's average")
    run.add_argument("--peak-tps", type=float, default=15.0, metavar="X", help="the demand's peak")
    add_truth_arguments(parser, DEMO_MODEL)
    return parser.parse_args()


def _run(arguments: argparse.Namespace, console: Console) -> int:
    truth = truth_from_arguments(arguments, DEMO_MODEL)
    setup = ModelSetup(truth=truth, project="bees", service=arguments.service)
    _check(_execution_input(arguments, str(ModelArn("aws", REGION, ACCOUNT_ID, "bees", "1", "0", arguments.service))))
    context = uploads_context if arguments.task == "uploads" else no_context
    with (
        console.status("", spinner="line") as status,
        running_world(setup, status.update, console.print, context) as world,
    ):
        if arguments.task == "process":
            return run_batch(world, arguments.images, console, status)
        if arguments.task == "uploads":
            return run_uploads(world, arguments.images, console, status)
        status.stop()
        described = _execute(world, _execution_input(arguments, world.service.model_arns[0]))
        return _show(described, world.aws, world.service, console)


def _check(raw: dict[str, Any]) -> None:
    """Check the input before anything is deployed. Raises RunError or UsageError with the sentence of a run."""
    expected_cost(parse_input(raw), DEFAULT_PRICE_USD)


def _execution_input(arguments: argparse.Namespace, model_arn: str) -> dict[str, Any]:
    return {
        "modelArn": model_arn,
        "demand": {"averageTps": arguments.average_tps, "peakTps": arguments.peak_tps},
        "test": {
            **DEMO_TEST,
            "mode": arguments.mode,
            "inferenceUnits": arguments.inference_units,
            "inFlightPerWorker": arguments.in_flight_per_worker,
            "verifyScaling": arguments.verify_scaling,
        },
    }


def _execute(world: World, raw: dict[str, Any]) -> dict[str, Any]:
    """Start an execution and watch it to its end."""
    table = RunsTable(world.aws.client("dynamodb"), world.outputs.runs_table)
    tuner = Tuner(world.aws.client("stepfunctions"), world.outputs.state_machine_arn, table)
    tuner.start("demo", raw)
    deadline = time.monotonic() + MAX_RUN_S
    with Screen(as_json=False) as screen:
        for snapshot in poll(tuner, "demo"):
            screen.show(snapshot)
            if time.monotonic() > deadline:
                break
    return dict(snapshot.execution)


def _show(described: dict[str, Any], aws: EmbeddedAws, service: RunningSimulatedModel, console: Console) -> int:
    console.print()
    report = service.model_report()
    if described["status"] != "SUCCEEDED":
        console.print(f"{described['status']}: {described.get('error')}", style="red")
        console.print(str(described.get("cause")), highlight=False, markup=False)
        console.print(f"the simulated model is {report['status']}")
        return 1
    raw = json.loads(described["output"])
    answer = from_json(Output, raw)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(raw, indent=2) + "\n", "utf-8")
    bucket, _, result = answer.result_uri.removeprefix("s3://").partition("/")
    for path in (REPORT, STEPS) if answer.report_uri else (STEPS,):
        key = f"{result.rpartition('/')[0]}/{path.name}"
        path.write_bytes(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    if notice := facts_of(answer.model_arn).notice:
        console.print(notice, highlight=False, markup=False)
    console.print(answer.summary, style="bold", soft_wrap=True, markup=False)
    console.print(answer_table(answer, report))
    console.print(units_table(answer.recommendation.table))
    for reason in answer.recommendation.reasons:
        console.print(f"- {reason}", markup=False)
    page = f"Open {REPORT} in a browser" if answer.report_uri else answer.report_detail
    console.print(
        f"\n{answer.verdict_detail}\n\n{page}; the execution's output is in {RESULT}.", soft_wrap=True, markup=False
    )
    return 0 if report["status"] == "STOPPED" else 1


if __name__ == "__main__":
    sys.exit(main())
