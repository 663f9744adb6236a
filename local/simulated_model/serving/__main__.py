"""Runs the simulated model: `python -m local.simulated_model.serving --tps-per-iu 12.5 --limiter executor_pool`."""

import argparse
import asyncio
import json
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from iu_tuner.cli.aws.loopback import bypass_proxy_for_loopback
from iu_tuner.contract.model_arn import SERVICES
from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.setup import AnswerSetup, read_lines
from local.simulated_model.arguments import add_truth_arguments, truth_from_arguments
from local.simulated_model.model_spec import TruthError
from local.simulated_model.serving.server import serve
from local.simulated_model.settings import ServerSettings


def main() -> None:
    """Print one line of JSON with the URL and the models' ARNs, then serve until SIGTERM or SIGINT."""
    bypass_proxy_for_loopback()
    parser = _parser()
    arguments = parser.parse_args()
    try:
        settings = _settings(arguments)
    except (TruthError, OSError, ValueError, TypeError) as error:
        parser.error(str(error))
    asyncio.run(_run(settings, stop_at_eof=arguments.stop_at_eof))


async def _run(settings: ServerSettings, *, stop_at_eof: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    if stop_at_eof:
        loop.add_reader(sys.stdin, lambda: stop.set() if not sys.stdin.read(1) else None)
    await serve(settings, stop, lambda greeting: print(json.dumps(greeting), flush=True))


def _settings(arguments: argparse.Namespace) -> ServerSettings:
    if arguments.config is None:
        settings = ServerSettings(models=(_one_model(arguments),))
    elif arguments.config == "-":
        settings = ServerSettings.from_mapping(json.loads(sys.stdin.readline()))
    else:
        settings = ServerSettings.from_mapping(json.loads(Path(arguments.config).read_text("utf-8")))
    given: dict[str, Any] = {
        name: getattr(arguments, name)
        for name in ("host", "port", "region", "s3_endpoint_url")
        if getattr(arguments, name) is not None
    }
    return replace(settings, **given)


def _one_model(arguments: argparse.Namespace) -> ModelSetup:
    return ModelSetup(
        truth=truth_from_arguments(arguments),
        answers=AnswerSetup(detections=_lines(arguments.detections), poison=_lines(arguments.poison)),
        project=arguments.project,
        service=arguments.service,
        status=arguments.status,
        inference_units=arguments.inference_units,
    )


def _lines(path: Path | None) -> tuple[dict[str, Any], ...]:
    return () if path is None else read_lines(path.read_text("utf-8").splitlines())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.simulated_model.serving", description=__doc__)
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default: 0, a free one)")
    parser.add_argument("--region", help="Region that requests must be signed for (default: us-east-1)")
    parser.add_argument("--s3-endpoint-url", help="where images named as S3Object are read")
    parser.add_argument("--stop-at-eof", action="store_true", help="stop when stdin is closed")
    parser.add_argument("--config", help="JSON file of settings and models; '-': one line of stdin")
    one = parser.add_argument_group("one model (without --config)")
    one.add_argument("--project", default="bees", help="the project's name")
    one.add_argument("--service", default="rekognition", choices=sorted(SERVICES), help="the service whose model it is")
    one.add_argument("--status", default="STOPPED", help="the status it is found in")
    one.add_argument("--inference-units", type=int, help="units, if it is found RUNNING")
    one.add_argument("--detections", type=Path, metavar="FILE", help="answers: JSON lines with key or sha256, labels")
    one.add_argument("--poison", type=Path, metavar="FILE", help="refusals: JSON lines with key or sha256, code, times")
    add_truth_arguments(parser)
    return parser


if __name__ == "__main__":
    main()
