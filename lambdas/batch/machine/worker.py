"""ProcessImages: one worker of a round. The worker that finishes the batch asks for the model's stop."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from iu_tuner.contract.errors import AccessDenied, ModelLost
from iu_tuner.contract.names import RUN_ITEM, run_pk
from lambdas.aws.settings import settings
from lambdas.aws.table import Partition, dynamodb_client
from lambdas.batch.machine.listing import processing_of
from lambdas.batch.machine.run import BatchRun, BatchStore, batch_store, files_of
from lambdas.batch.shard_task import ShardTask
from lambdas.batch.shards.record import ShardRecord
from lambdas.batch.shards.store import DynamoShardTable
from lambdas.batch.work import RoundWork
from lambdas.models.lease_store import lease_store
from lambdas.models.registry import model_of
from lambdas.models.tokens import client_token
from lambdas.processing.denials import Denials
from lambdas.processing.image_work import Processing
from lambdas.processing.pace import Report
from lambdas.processing.pace_store import PaceStore, pace_store
from lambdas.processing.sending import THREADS, Sent, send_paced
from lambdas.processing.slots import Slots
from lambdas.runs.sent_requests import sent_requests


def process_images(run_id: str, round_plan: Mapping[str, Any], worker: int) -> None:
    """Claim shards and send their images until the round or the run ends.

    Raises:
        ModelLost: the run was ended, and nothing was sent. AccessDenied: a right is missing.
    """
    store = batch_store(run_id)
    run = store.load().run
    began_at, until, workers = time.time(), float(round_plan["until"]), int(round_plan["workers"])
    pace, processing = _HeldPace(pace_store(run.model_arn, "batch", workers), run), _processing(run)
    lease_store().require_held(run.model_arn, run_id)

    def send(tasks: Iterator[ShardTask | None]) -> Sent:
        try:
            return send_paced(tasks, pace, processing.detector.connection, until=until)
        except ModelLost:  # what was answered is saved
            return Sent(model_is_gone=True)

    work = RoundWork(_CountingTable(run_id), files_of(run_id), processing, time.time)
    try:
        sent = work.run(send, until)
    except AccessDenied as error:
        store.save_refusal(error.sentence)
        raise
    sent_requests().add(run.model_arn, sum(part.requests for part in sent), began_at, time.time())
    if _is_over(store):
        _stop(run_id, run.model_arn)


def _processing(run: BatchRun) -> Processing:
    """A result that is current in a round is that of a worker which died before it saved its shard."""
    return replace(processing_of(run, threads=THREADS), reads_current=True, denials=Denials())


def _is_over(store: BatchStore) -> bool:
    """Whether all images have an outcome. The worker that saves the last shard finds that they have."""
    return store.shards.load().tally(store.shards.records()).left == 0


def _stop(run_id: str, model_arn: str) -> None:
    """Ask for the stop of a model that the run has to stop anyway: a state later it would cost some seconds more."""
    leases = lease_store()
    try:
        lease = leases.require_held(model_arn, run_id)
        if lease.owes != "stop" or lease.project_arn is None:
            return
        now = time.time()
        leases.save(lease.with_stop_requested(now))
    except ModelLost:  # another layer stops it
        return
    model_of(model_arn, lease.project_arn).stop(token=client_token(lease, "stop", now))


@dataclass(frozen=True)
class _HeldPace:
    """The pace of a run that holds its model. The model of a run that was ended may belong to others."""

    pace: PaceStore
    run: BatchRun

    def exchange(
        self,
        report: Report,
        now: float,
        *,
        wanted_slots: int | None = None,
        returned_slots: tuple[float, float] | None = None,
    ) -> Slots:
        """Report, give slots back, and reserve the next ones. Raises ModelLost if the run was ended."""
        if not lease_store().is_active(self.run.model_arn, self.run.run_id):
            raise ModelLost(f"the run {self.run.run_id} has been ended")
        return self.pace.exchange(report, now, wanted_slots=wanted_slots, returned_slots=returned_slots)


class _CountingTable(DynamoShardTable):
    """The tally of a run, which also counts the images in the run's item, where clients look."""

    def __init__(self, run_id: str) -> None:
        super().__init__(dynamodb_client(), settings().runs_table, run_id)
        self._run = Partition(dynamodb_client(), settings().runs_table, run_pk(run_id))
        self._earlier_records: dict[int, ShardRecord] = {}

    def record(self, number: int) -> ShardRecord | None:
        """What became of a shard's images. Returns None before the end of its first turn."""
        record = super().record(number)
        if record is not None:
            self._earlier_records[number] = record
        return record

    def put(self, record: ShardRecord) -> bool:
        """Save a record. Returns False if one of a later turn, or another one of this turn, is there."""
        earlier = self._earlier_records.get(record.number)
        is_saved = super().put(record)
        if is_saved:
            self._earlier_records[record.number] = record
            done, failed = (0, 0) if earlier is None else (earlier.done, earlier.failed)
            for name, increase in (("imagesDone", record.done - done), ("imagesFailed", record.failed - failed)):
                if increase:
                    self._run.add(RUN_ITEM, name, increase)
        return is_saved
