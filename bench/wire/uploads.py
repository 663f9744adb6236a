"""Uploads on the wire: whether each image has one right result, and how much of the model's capacity is used.

Deploys the app into the embedded AWS once, with a pipeline and a simulated, measured model for each case. The model's
own books say what it answered. `python -m bench.wire.uploads [--images 400] [--tps 25 60] [--limiter …] [--plain]`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from random import Random
from typing import Any
from urllib.parse import unquote_plus

from bench.tables import markdown
from bench.wire.hostile_uploads import INVALID, LEAST, Uploads, plain_uploads, uploads
from bench.wire.upload_world import UploadWorld, running_uploads, wait_for
from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.model_spec import LIMITERS, ModelTruth

STEADY = ("token_bucket", "sliding_window", "executor_pool")
WAYS = ("wait", "start")
LATENCY_S, START_S, IDLE_MINUTES = 0.08, 1.0, 0.1
EFFICIENCY, THROTTLED = 0.95, 0.005  # the goals
HEADER = ("limiter", "TPS", "`whenStopped`", "images", "right", "failed", "wrong", "asked twice", "starts",
          "efficiency %", "throttled %", "s")  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A pipeline: the model's limiter and TPS, and who starts it."""

    limiter: str
    tps: float
    when_stopped: str
    images: int
    is_plain: bool

    @property
    def prefix(self) -> str:
        """The start of its images' keys."""
        return f"{self.limiter}-{self.tps:g}-{self.when_stopped}/"

    @cached_property
    def uploads(self) -> Uploads:
        """The case's images."""
        return (plain_uploads if self.is_plain else uploads)(self.prefix, self.images, self.prefix)

    @property
    def model(self) -> ModelSetup:
        """The case's model."""
        truth = ModelTruth(
            tps_per_iu=self.tps, limiter=self.limiter, latency_mean_s=LATENCY_S, start_s=START_S, stop_s=0.5
        )
        poison = tuple({"key": key, "code": INVALID} for key in self.uploads.poison)
        return ModelSetup(truth=truth, answers=AnswerSetup(poison=poison))

    def entry(self, model_arn: str) -> dict[str, Any]:
        """Its entry of the context key `inference`."""
        own = {"prefix": self.prefix, "modelArn": model_arn, "minConfidence": LEAST}
        return {**own, "whenStopped": self.when_stopped, "idleStopMinutes": IDLE_MINUTES}


@dataclass(frozen=True)
class Found:
    """What came of the uploads of a case. `wrong` are keys whose results, errors or dead letters are not right."""

    right: int
    failed: int
    wrong: tuple[str, ...]
    asked_twice: int


def main() -> int:
    """Print the table; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.wire.uploads", description=__doc__)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--tps", type=float, nargs="+", default=[25.0])
    parser.add_argument("--limiter", nargs="+", choices=LIMITERS, default=STEADY)
    parser.add_argument("--when-stopped", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--plain", action="store_true", help="only good images with plain names")
    chosen = parser.parse_args()
    kinds = product(chosen.limiter, chosen.tps, chosen.when_stopped)
    cases = [Case(*each, chosen.images, chosen.plain) for each in kinds]
    rows, is_met = [], True
    with running_uploads(
        [case.model for case in cases], lambda arns: [case.entry(arn) for case, arn in zip(cases, arns, strict=True)]
    ) as world:
        for case, arn in zip(cases, world.service.model_arns, strict=True):
            row, met = _run(world, case, arn)
            print(*row, file=sys.stderr)
            rows.append(row)
            is_met &= met
    print(markdown(HEADER, rows))
    return 0 if is_met else 1


def _run(world: UploadWorld, case: Case, arn: str) -> tuple[tuple[str, ...], bool]:
    """Upload everything, and wait for the end. Returns the row of the table, and whether it meets the goals."""
    world.measured(arn, case.tps, 1000 * LATENCY_S)
    _upload(world, case.uploads)
    _drain(world, case, arn)
    found, report = _found(world, case, arn), world.service.model_report(arn)
    totals, first, last = report["totals"], report["firstDetectAt"], report["lastDetectAt"]
    worked = totals["accepted"] + totals["failed"]
    efficiency, throttled = (worked - 1) / (case.tps * (last - first)), totals["throttled"] / totals["sent"]
    starts = sum(each["to"] == "STARTING" for each in report["transitions"])
    if efficiency < EFFICIENCY:
        each = [second["accepted"] + second["failed"] for second in report["perSecond"].values()]
        print("requests in each second:", *each, file=sys.stderr)
    if found.wrong:
        print("not right:", *found.wrong, sep="\n  ", file=sys.stderr)
    row = (
        case.limiter.replace("_", " "),
        f"{case.tps:g}",
        case.when_stopped,
        f"{case.images}",
        f"{found.right}",
        f"{found.failed}",
        f"{len(found.wrong)}",
        f"{found.asked_twice}",
        f"{starts}",
        f"{100 * efficiency:.1f}",
        f"{100 * throttled:.2f}",
        f"{last - first:.0f}",
    )
    return row, efficiency >= EFFICIENCY and throttled <= THROTTLED and starts == 1 and not found.wrong


def _upload(world: UploadWorld, these: Uploads) -> None:
    """Upload all files while the model is off, delete some, and send what else comes into the queue."""
    s3, bucket, files = world.aws.client("s3"), world.outputs.image_bucket, [*these.contents.items()]
    messages, each = [*these.messages(bucket, Random(these.prefix))], 40
    for first in range(0, len(files), each):
        _put(world, dict(files[first : first + each]))
        for body in messages[first * len(messages) // len(files) : (first + each) * len(messages) // len(files)]:
            world.send(these.prefix, body)
    for key in these.deleted:
        s3.delete_object(Bucket=bucket, Key=key)
    wait_for(lambda: world.waiting(these.prefix) >= len(these.contents), 120)


def _drain(world: UploadWorld, case: Case, arn: str) -> None:
    """Start the model, or have it started; change some images meanwhile; wait until all is done and the model off."""
    most_s = 120 + 3 * case.images / case.tps
    if case.when_stopped == "wait":
        world.start_model(arn)
    for _ in range(2):  # the scheduler may do it twice
        world.look(case.prefix)
    done = case.images // 3
    wait_for(lambda: world.service.model_report(arn)["totals"]["accepted"] > done, most_s)
    _put(world, {key: case.uploads.images[key] for key in case.uploads.first})
    wait_for(lambda: all(_is_current(world, case.uploads, key) for key in case.uploads.first), most_s)
    wait_for(lambda: not world.waiting(case.prefix), most_s)
    if case.when_stopped == "start":
        wait_for(lambda: world.service.model_report(arn)["status"] == "STOPPED", 120)


def _is_current(world: UploadWorld, these: Uploads, key: str) -> bool:
    """Whether the image has a result about its content."""
    s3 = world.aws.client("s3")
    try:
        found = s3.head_object(Bucket=world.outputs.image_bucket, Key=f"{key}.json")
    except s3.exceptions.ClientError:
        return False
    return these.is_current(key, found["Metadata"])


def _put(world: UploadWorld, files: dict[str, bytes]) -> None:
    s3, bucket = world.aws.client("s3"), world.outputs.image_bucket
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda each: s3.put_object(Bucket=bucket, Key=each[0], Body=each[1]), files.items()))


def _found(world: UploadWorld, case: Case, arn: str) -> Found:
    these, bucket, s3 = case.uploads, world.outputs.image_bucket, world.aws.client("s3")
    files = world.files(case.prefix) - {*these.contents}
    errors = {f"{key}.error.json" for key, (_, error) in these.failures.items() if error != "ResultKeyTooLong"}
    wrong = files ^ {*errors, *(f"{key}.json" for key in these.images)}

    def is_right(key: str) -> bool:
        if f"{key}.json" not in files:
            return False
        found = s3.get_object(Bucket=bucket, Key=f"{key}.json")
        return these.is_right(key, json.loads(found["Body"].read()), found["Metadata"])

    with ThreadPoolExecutor(8) as threads:
        right = dict(zip(these.images, threads.map(is_right, these.images), strict=True))
    letters = {(_key_of(body), reason) for body, reason in world.dead_letters(case.prefix)}
    wrong |= {key for key, _ in letters ^ {(key, error) for key, (_, error) in these.failures.items()}}
    wrong |= {key for key, is_so in right.items() if not is_so}
    answers = Counter({key: counts.get("accepted", 0) for key, counts in world.service.image_books(arn).items()})
    twice = sum(count > 1 + (key in these.first) for key, count in answers.items())
    return Found(sum(right.values()), len({key for key, _ in letters}), tuple(sorted(wrong)), twice)


def _key_of(body: str) -> str:
    event = json.loads(body)
    if "detail" in event:
        return str(event["detail"]["object"]["key"])
    return unquote_plus(event["Records"][0]["s3"]["object"]["key"])


if __name__ == "__main__":
    sys.exit(main())
