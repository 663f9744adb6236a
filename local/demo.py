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

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from lambdas.adapters.run_store import RunStore
from lambdas.capacity.result import step_row
from lambdas.capacity.step import MeasuredStep
from local.deployment import DeploymentError, Outputs, deploy
from local.embedded_aws import EmbeddedAws, EmbeddedAwsError, embedded_aws
from local.sample_images import sample_images
from local.simulated_model.account import ModelSetup
from local.simulated_model.arguments import add_truth_arguments, truth_from_arguments
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from local.simulated_model.truth import TruthError

OUT = Path("out")
LONGEST_RUN_S = 600.0
PHASES = {
    "starting": "starting the model",
    "measuring": "measuring",
    "stopping": "stopping the model",
    "stopped": "the model is stopped, publishing",
    "finished": "done",
    "failed": "failed",
}


def main() -> int:
    """Exit code 0: the run succeeded and the model is stopped."""
    arguments = _arguments()
    console = Console()
    try:
        return _run(arguments, console)
    except KeyboardInterrupt:
        console.print("\nInterrupted: everything that was started has been stopped.")
        return 130
    except (DeploymentError, EmbeddedAwsError, TruthError) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    run = parser.add_argument_group("the run")
    run.add_argument("--mode", default="standard", choices=["quick", "standard", "precise"])
    run.add_argument("--inference-units", type=int, default=1, metavar="N", help="to start the model with")
    run.add_argument("--average-tps", type=float, default=6.0, metavar="X", help="the demand's average")
    run.add_argument("--peak-tps", type=float, default=15.0, metavar="X", help="the demand's peak")
    add_truth_arguments(parser)
    return parser.parse_args()


def _run(arguments: argparse.Namespace, console: Console) -> int:
    truth = truth_from_arguments(arguments)
    with console.status("starting the embedded AWS") as status, embedded_aws() as aws:
        status.update("starting the simulated model")
        setup = ModelSetup(truth=truth, project="bees")
        with running_simulated_model([setup], s3_endpoint_url=aws.url) as service:
            status.update("cdk deploy")
            began = time.monotonic()
            context = {"rekognitionEndpointUrl": service.url, "modelPollSeconds": 1}
            outputs = deploy(aws, context)
            console.print(
                f"deployed in {time.monotonic() - began:.0f} s: {outputs.state_machine_arn.rpartition(':')[2]}"
            )
            images = sample_images()
            for name, body in images.items():
                aws.client("s3").put_object(Bucket=outputs.image_bucket, Key=f"samples/{name}", Body=body)
            console.print(
                f"uploaded {len(images)} images ({sum(map(len, images.values())) / 1e6:.1f} MB) to samples/"
            )
            status.stop()
            described = _execute(aws, outputs, _execution_input(arguments, service), console)
            return _show(described, service, console)


def _execution_input(arguments: argparse.Namespace, service: RunningSimulatedModel) -> dict[str, Any]:
    return {
        "modelArn": service.model_arns[0],
        "demand": {"averageTps": arguments.average_tps, "peakTps": arguments.peak_tps},
        "test": {"mode": arguments.mode, "inferenceUnits": arguments.inference_units},
    }


def _execute(aws: EmbeddedAws, outputs: Outputs, raw: dict[str, Any], console: Console) -> dict[str, Any]:
    """Start an execution and watch it to its end."""
    states = aws.client("stepfunctions")
    started = states.start_execution(stateMachineArn=outputs.state_machine_arn, input=json.dumps(raw))
    arn = started["executionArn"]
    store = RunStore(aws.client("dynamodb"), outputs.runs_table, arn.rpartition(":")[2])
    deadline = time.monotonic() + LONGEST_RUN_S
    with Live(console=console, refresh_per_second=8) as live:
        while True:
            described: dict[str, Any] = states.describe_execution(executionArn=arn)
            running = described["status"] == "RUNNING" and time.monotonic() < deadline
            live.update(_progress(store, running))
            if not running:
                return described
            time.sleep(0.5)


def _progress(store: RunStore, running: bool) -> Group | Table:
    try:
        phase, steps = PHASES[store.phase()], store.steps()
    except KeyError:
        phase, steps = "preparing: input, model, images, cost", []
    return Group(_steps(steps), Spinner("dots", phase)) if running else _steps(steps)


def _steps(steps: list[MeasuredStep]) -> Table:
    table = Table("phase", title="Steps", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in ("lanes", "workers", "seconds", "accepted", "throttled", "failed", "TPS", "p50 ms"):
        table.add_column(name, justify="right")
    for step in steps:
        if step.counts.workers:
            row = step_row(step.counts)
            values = [
                row[name] for name in ("seconds", "accepted", "throttled", "failed", "acceptedTps", "p50Ms")
            ]
        else:
            values = ["…"] * 6
        plan = step.counts.plan
        table.add_row(plan.phase, str(plan.lanes), str(plan.workers), *map(str, values))
    return table


def _show(described: dict[str, Any], service: RunningSimulatedModel, console: Console) -> int:
    console.print()
    report = service.model_report()
    if described["status"] != "SUCCEEDED":
        console.print(f"[red]{described['status']}: {described.get('error')}[/red]\n{described.get('cause')}")
        console.print(f"the simulated model is {report['status']}")
        return 1
    answer = json.loads(described["output"])
    OUT.mkdir(exist_ok=True)
    (OUT / "result.json").write_text(json.dumps(answer, indent=2) + "\n")
    console.print(_answer(answer, report))
    console.print(_table(answer))
    for reason in answer["recommendation"]["reasons"]:
        console.print(f"- {reason}")
    console.print(f"\n{answer['verdictDetail']}\n\nThe execution's output is in {OUT / 'result.json'}.")
    return 0 if report["status"] == "STOPPED" else 1


def _answer(answer: dict[str, Any], report: dict[str, Any]) -> Table:
    """What the run found, beside what the simulated model knows."""
    rate, units = answer["maxTps"], answer["inferenceUnits"]
    true_tps = units * report["trueTpsPerInferenceUnit"]
    table = Table("", "measured", "simulated truth", title="Answer", box=box.SIMPLE_HEAD)
    table.add_row("verdict", f"[bold]{answer['verdict']}[/bold]", f"{report['truth']['limiter']}")
    if rate["estimate"] is not None:
        high = "…" if rate["high"] is None else f"{rate['high']:.2f}"
        error = f"{rate['estimate'] / true_tps - 1:+.1%}" if true_tps else ""
        table.add_row(
            f"max TPS at {units} IU",
            f"[bold]{rate['estimate']:.2f}[/bold] ({rate['low']:.2f} to {high})",
            f"{true_tps:.2f} ({error})",
        )
    latency, advice = answer["latencyMs"], answer["recommendation"]
    table.add_row("clean TPS", _or_dash(answer["cleanTps"]["rate"]), "")
    table.add_row("latency p50, p95 (ms)", f"{_or_dash(latency['p50'])}, {_or_dash(latency['p95'])}", "")
    units_advised = f"{_or_dash(advice['minInferenceUnits'])} to {_or_dash(advice['maxInferenceUnits'])}"
    table.add_row("recommended IUs", f"[bold]{units_advised}[/bold]", "")
    requests, seen = answer["requests"], report["totals"]
    table.add_row(
        "requests sent = accepted + throttled + failed",
        _equation(requests),
        _equation(seen),
    )
    billed = report["inferenceUnitSecondsBilled"] / 3600
    table.add_row("IU-hours", f"{answer['cost']['inferenceUnitHours']:.4f}", f"{billed:.4f}")
    table.add_row("cost of the run", f"${answer['cost']['runUsd']:.2f}", "")
    table.add_row("model afterwards", answer["model"]["statusAfter"], report["status"])
    return table


def _or_dash(value: float | None) -> str:
    return "-" if value is None else str(value)


def _equation(counts: dict[str, Any]) -> str:
    return f"{counts['sent']} = {counts['accepted']} + {counts['throttled']} + {counts['failed']}"


def _table(answer: dict[str, Any]) -> Table:
    table = Table(title="Inference units", box=box.SIMPLE_HEAD)
    for name in ("IUs", "TPS", "USD per hour", "USD per 1,000 images"):
        table.add_column(name, justify="right")
    for row in answer["recommendation"]["table"]:
        table.add_row(
            str(row["inferenceUnits"]),
            f"{row['tps']:.2f}",
            f"{row['usdPerHour']:.2f}",
            f"{row['usdPer1000Images']:.3f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
