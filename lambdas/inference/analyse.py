"""Analyses a batch of uploads: each message is done, comes back later, or becomes a dead letter.

A message is about keys. What an object contains now is asked of S3, so that duplicates, late messages and messages
about deleted objects all come to the same: one current result for each image.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from iu_tuner.contract.uploads.entry import InferenceEntry, parse_entry
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.inference.attempts import attempts_of
from lambdas.inference.dead_letters import send_dead_letter
from lambdas.inference.gate import gate_of, is_free
from lambdas.inference.image_events import announce
from lambdas.inference.kept_connections import KeptConnections
from lambdas.inference.live_pace import LivePace, ModelIsMeasured, UnreportedOutcomes
from lambdas.inference.messages import NoUpload, uploaded_keys
from lambdas.inference.upload_task import UploadTask
from lambdas.inference.waves.activity import count_batch
from lambdas.inference.waves.failures import count_failures
from lambdas.models.lease_store import lease_store
from lambdas.models.registry import detector_of, facts_of
from lambdas.processing.image_result import Question, ResultKeys
from lambdas.processing.image_work import Processing
from lambdas.processing.outcomes import Outcome, Rules
from lambdas.processing.pace_store import pace_store
from lambdas.processing.result_store import ResultStore, s3_client
from lambdas.processing.sending import Sent, send_paced
from lambdas.reports.metrics import count_uploads
from lambdas.runs.sent_requests import sent_requests

MAX_UPLOADS = 10  # of a batch; each has a thread
MAX_SEND_S = 20.0  # a batch that has no slot by then goes back to the queue; replies may take 15 s more
SHORTEST_WAIT_S, LONGEST_WAIT_S = 5, 300  # before a message comes back

FREE_CHECK_S = 1.0  # the lease is read again after this time
_free_until: dict[str, float] = {}  # by model, in seconds of the monotonic clock

Record = Mapping[str, Any]
Waits = Iterator[tuple[Record, int]]


@dataclass(frozen=True)
class _Server:
    """What the batches of one function have in common."""

    entry: InferenceEntry
    processing: Processing
    connections: KeptConnections
    unreported: UnreportedOutcomes


def analyse(records: Iterable[Record]) -> Waits:
    """Analyse the uploads. Yields the messages that must come back, each with its delay in seconds."""
    server = _server(settings().inference_entry)
    records_by_key = _by_key(records, server)
    if not records_by_key:
        return
    queue = settings().queue_url.rpartition("/")[2]
    attempts = attempts_of(queue)
    tasks = [
        UploadTask(key, server.processing, attempts, time.time, max(map(_receive_count, key_records)))
        for key, key_records in records_by_key.items()
    ]
    began_at = time.time()
    sent = _send(tasks, server, began_at + MAX_SEND_S)
    _record(server.entry.model_arn, sent.requests, began_at)
    if sent.model_is_gone:
        _close_gate(next(iter(records_by_key.values()))[0]["eventSourceARN"])
    waits: dict[str, tuple[Record, int]] = {}
    for task in tasks:
        if not _is_done(task, records_by_key[task.key][0]["body"]):
            wait = _wait_s(task.work.not_before - time.time() if task.work else 0.0)
            waits |= {record["messageId"]: (record, wait) for record in records_by_key[task.key]}
    done = [task.work for task in tasks if task.work is not None and task.work.outcome is Outcome.DONE]
    announce(done, server.processing, is_wanted=server.entry.event)
    failures = [task.failure for task in tasks if task.failure is not None]
    oldest_s = time.time() - min(_sent_at(record) for key_records in records_by_key.values() for record in key_records)
    count_uploads(queue, sent, done=len(done), failed=len(failures), oldest_s=oldest_s)
    count_failures(server.entry.model_arn, failures)
    count_batch(server.entry.model_arn, done=len(done), failed=len(failures))
    yield from waits.values()


def _record(model_arn: str, requests: int, began_at: float) -> None:
    """Record the requests, which are this tuner's own. Without the record a run may take them for traffic of others."""
    try:
        sent_requests().add(model_arn, requests, began_at, time.time())
    except AWS_ERRORS:
        logger.warning("the requests could not be recorded", exc_info=True)


def _by_key(records: Iterable[Record], server: _Server) -> dict[str, list[Record]]:
    """The messages of each key. A message about no upload of this queue is dropped with a log line."""
    records_by_key: dict[str, list[Record]] = {}
    for record in records:
        try:
            keys = uploaded_keys(record["body"], server.processing.store.image_bucket)
        except NoUpload as error:
            logger.warning("a message was dropped", extra={"body": record["body"][:10_000], "why": str(error)})
            continue
        for key in keys:
            if server.entry.takes(key):
                records_by_key.setdefault(key, []).append(record)
            elif not key.endswith(server.entry.results.suffix):  # results lie under the same prefix
                logger.info("no upload of this queue", extra={"key": key})
    return records_by_key


def _send(tasks: list[UploadTask], server: _Server, until: float) -> Sent:
    """Send the images at the pace of live uploads. While a run measures it, the model is gone for them, too."""
    arn = server.entry.model_arn
    pace = LivePace(pace_store(arn, "live"), lambda: _is_free(arn), server.unreported)
    try:
        return send_paced(
            iter(tasks),
            pace,
            server.connections.connect,
            until=until,
            threads=len(tasks),
            open_tasks=lambda: sum(task.is_open for task in tasks),
        )
    except ModelIsMeasured:
        return Sent(model_is_gone=True)
    except (KeyError, *AWS_ERRORS):
        logger.exception("the model's pace is not available; the messages come back")
        return Sent()


def _is_free(model_arn: str) -> bool:
    """Whether no run measures the model, as of the last second. Raises ClientError, BotoCoreError."""
    now = time.monotonic()
    if now < _free_until.get(model_arn, 0.0):
        return True
    is_model_free = is_free(lease_store().get(model_arn))
    if is_model_free:
        _free_until[model_arn] = now + FREE_CHECK_S
    return is_model_free


def _close_gate(queue_arn: str) -> None:
    """Close the gate without waiting for the next look, which closes it if this fails."""
    try:
        gate_of(queue_arn).set(is_open=False)
    except AWS_ERRORS:
        logger.warning("the gate could not be found", exc_info=True)


def _is_done(task: UploadTask, body: str) -> bool:
    """Save what became of an upload. Returns whether its messages are done."""
    try:
        task.conclude()
    except AWS_ERRORS:
        logger.warning("an upload's outcome could not be saved; its message comes back", exc_info=True)
        return False
    return task.is_over or (task.failure is not None and send_dead_letter(body, task.failure))


def _wait_s(shortest_s: float) -> int:
    """Seconds until a message comes back, at random, so that those of a batch do not come at once."""
    return min(LONGEST_WAIT_S, round(max(SHORTEST_WAIT_S, shortest_s) * random.uniform(1.0, 1.5)))


def _receive_count(record: Record) -> int:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))


def _sent_at(record: Record) -> float:
    """When the message came into the queue, in epoch seconds."""
    return int(record.get("attributes", {}).get("SentTimestamp", 1000 * time.time())) / 1000


@cache
def _server(entry_json: str) -> _Server:
    entry, bucket = parse_entry(json.loads(entry_json)), settings().image_bucket
    detector, results = detector_of(entry.model_arn), entry.results
    keys = ResultKeys(results.prefix or "", results.suffix)
    store = ResultStore(s3_client(MAX_UPLOADS), bucket, results.bucket or bucket, keys)
    question = Question(entry.model_arn, bucket, entry.min_confidence, entry.keep_from)
    rules = Rules(facts_of(entry.model_arn), entry.max_attempts)
    processing = Processing(question, rules, detector, store, entry.source)
    return _Server(entry, processing, KeptConnections(detector), UnreportedOutcomes())
