"""`iu-tuner run`: starts a run and follows it to its end."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from iu_tuner.cli.aws.errors import calling_aws
from iu_tuner.cli.aws.s3.image_folder import ImageFolder
from iu_tuner.cli.aws.s3.saved_report import RunReport
from iu_tuner.cli.aws.stack import Deployment, find_deployment, region_of
from iu_tuner.cli.options.groups import EXIT_CODES, deployment_options, examples, outcome_options, output_options
from iu_tuner.cli.options.input_flags import expected_cost, input_flags, run_input
from iu_tuner.cli.session.session import Session
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import plain
from iu_tuner.exit_codes import Exit, UsageError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
_EXAMPLES = examples(
    "iu-tuner run $MODEL_ARN --average-tps 6 --peak-tps 15",
    "iu-tuner run $MODEL_ARN --mode quick --assert verdict==ok --json",
    "iu-tuner run $MODEL_ARN --image-folder ./images",
    "iu-tuner run --input input.json --max-cost-usd 2",
    then=EXIT_CODES,
)


@click.command(epilog=_EXAMPLES)
@click.argument("model_arn", required=False)
@click.option("--input", "whole", metavar="FILE", help="The whole execution input as JSON; - is stdin.")
@click.option("--image-folder", metavar="FOLDER", help="Upload the images of this folder, and test with them.")
@input_flags
@outcome_options
@click.option("--name", help="The run's id. (Default: one that is new.)")
@click.option("--no-wait", is_flag=True, help="Start the run, and leave.")
@deployment_options
def run(
    model_arn: str | None,
    whole: str | None,
    image_folder: str | None,
    assertions: tuple[str, ...],
    as_json: bool,
    junit: Path | None,
    report: Path | None,
    timeout: float | None,
    name: str | None,
    no_wait: bool,
    stack: str,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    **flags: Any,
) -> int:
    """Start a run of MODEL_ARN and follow it to its end; Ctrl-C stops it, safely."""
    screen, options = Screen(as_json=as_json), output_options(assertions, junit, report)
    if no_wait and (assertions or junit or report or timeout):
        raise UsageError(
            "--no-wait: takes none of --assert, --junit, --report and --timeout, which wait for the answer"
        )
    folder = _image_folder(image_folder, flags)
    raw, understood = run_input(model_arn, whole, {**flags, "prefix": folder.prefix} if folder else flags)
    run_id = name or f"cli-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid4().hex[:6]}"
    if not _NAME.fullmatch(run_id):
        raise UsageError(f"--name: got {plain(run_id)}; takes 1 to 80 letters, digits, - and _")
    region = region or region_of(understood.model_arn)
    deployment = find_deployment(stack, region=region, profile=profile, endpoint_url=endpoint_url)
    tuner = deployment.tuner
    tuner.check_model(understood.model_arn)
    screen.say(expected_cost(understood, tuner.usd_per_unit_hour))
    if folder is not None:
        _upload(folder, deployment, raw, screen)
    timeout_s = timeout and 60 * timeout
    saved = RunReport.of(deployment, run_id, raw) if report else None
    session = Session(tuner, run_id, understood.model_arn, screen, options, raw, timeout_s, saved)
    if not no_wait:
        return session.run_to_end()
    session.start()
    screen.say(f"follow it: {tuner.follow_command(run_id)}")
    screen.put_json({"runId": run_id, "executionArn": tuner.arn_of(run_id), "status": "RUNNING"})
    return Exit.OK


def _image_folder(path: str | None, flags: Mapping[str, Any]) -> ImageFolder | None:
    """The images of --image-folder. Raises UsageError if there are none, or another flag says where images are."""
    if path is None:
        return None
    for name in ("bucket", "prefix"):
        if flags[name] is not None:
            raise UsageError(f"--image-folder: the images are uploaded to the stack's bucket: leave out --{name}")
    return ImageFolder.read(path)


def _upload(folder: ImageFolder, deployment: Deployment, raw: dict[str, Any], screen: Screen) -> None:
    """Upload the images, and name their bucket in the input."""
    if folder.left_out:
        screen.say(folder.left_out_sentence)
    bucket = deployment.image_bucket
    with calling_aws():
        s3 = deployment.aws.of("s3")
    screen.say(folder.upload(s3, bucket))
    raw["images"]["bucket"] = bucket
