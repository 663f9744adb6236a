"""Leases in the runs table: `MODEL#<arn>` / `LEASE`, taken and given back by conditional writes only.

The index `Leases` holds the leases and nothing else, so that looking for them reads nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from iu_tuner.contract.errors import InternalError, ModelLost
from lambdas.aws.settings import settings
from lambdas.aws.table import dynamodb_client, plain, serialized
from lambdas.models.lease import Lease
from lambdas.models.lease_items import ATTRIBUTE, attributes, key, lease_of

INDEX = "Leases"
_INDEX_KEY = "leaseHolder"
_GUARD = {"pk": "LEASES", "sk": "GUARD"}
_REFUSED = "ConditionalCheckFailed"
_CHANGED_BY_THE_RUN = (
    "project_arn",
    "status_found",
    "units_found",
    "max_units_found",
    "owes",
    "restarted",
    "start_asked_at",
    "stop_asked_at",
    "min_units_decided",
    "max_units_decided",
    "not_applied",
)


class LeaseStore:
    """All leases of this stack."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def take(self, lease: Lease) -> Lease:
        """Take the lease where the model has none; returns the one that holds, ours or another run's."""
        item = {**key(lease.model_arn), **attributes(lease), _INDEX_KEY: lease.run_id}
        for _ in range(3):
            try:
                self._client.put_item(
                    TableName=self._table, Item=serialized(item), ConditionExpression="attribute_not_exists(pk)"
                )
            except ClientError as error:
                _raise_unless_refused(error)
                if (holder := self.of(lease.model_arn)) is not None:
                    return holder
            else:
                self._require_no_guard(lease)
                return lease
        raise InternalError("the model's lease changed hands three times in a moment - run again")

    def _require_no_guard(self, lease: Lease) -> None:
        """Looked for after the lease was taken: so either this finds the guard, or the guard finds the lease."""
        answer = self._client.get_item(TableName=self._table, Key=serialized(_GUARD), ConsistentRead=True)
        if "Item" in answer and plain(answer["Item"])["guardedUntil"] > time.time():
            self.release(lease)
            raise InternalError("the stack is being deleted, so no run starts any more")

    def guard(self, seconds: float) -> None:
        """For so long nobody takes a lease."""
        item = {**_GUARD, "guardedUntil": time.time() + seconds}
        self._client.put_item(TableName=self._table, Item=serialized(item))

    def of(self, model_arn: str) -> Lease | None:
        """The model's lease as of now."""
        its_key = serialized(key(model_arn))
        answer = self._client.get_item(TableName=self._table, Key=its_key, ConsistentRead=True)
        return lease_of(answer["Item"]) if "Item" in answer else None

    def held_by(self, run_id: str) -> Lease | None:
        """The run's lease, where the model is not known."""
        return next((lease for lease in self.all() if lease.run_id == run_id), None)

    def all(self) -> list[Lease]:
        """Every lease; one that was taken or given back in the last moments may be missing, or still there."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, IndexName=INDEX)
        return [lease_of(item) for page in pages for item in page["Items"]]

    def note(self, lease: Lease) -> Lease:
        """Keep what a run that goes on has changed in its lease. Raises ModelLost as `require` does."""
        changes = {name: getattr(lease, name) for name in _CHANGED_BY_THE_RUN}
        noted = self._update(lease, changes, "runId = :me AND closing = :no", {":no": False})
        if noted is None:
            raise _given_up(lease.run_id)
        return noted

    def require(self, model_arn: str, run_id: str) -> Lease:
        """The open lease of a run that goes on.

        Raises:
            ModelLost: the run does not hold it any more, or is being ended.
        """
        lease = self.of(model_arn)
        if lease is None or lease.run_id != run_id or lease.closing:
            raise _given_up(run_id)
        return lease

    def is_active(self, model_arn: str, run_id: str) -> bool:
        """Like `require`, but returns a bool; True if the table does not answer, which is no reason to end a run."""
        try:
            self.require(model_arn, run_id)
        except ModelLost:
            return False
        except (ClientError, BotoCoreError):
            pass
        return True

    def close(self, lease: Lease) -> Lease | None:
        """From now on the run may not start the model. The lease as it stands; None: it is not the run's any more."""
        return self._update(lease, {"closing": True}, "runId = :me", {})

    def keep(self, lease: Lease, *, instead_of: Lease) -> None:
        """Keep what changed in a closed lease: what was asked for, and what of it was seen to arrive."""
        changes = {name: value for name, value in asdict(lease).items() if value != getattr(instead_of, name)}
        if changes:
            self._update(lease, changes, "runId = :me", {})

    def ask_to_apply(self, lease: Lease, now: float) -> Lease | None:
        """Before a start with the units decided; None: somebody ended the run meanwhile, nothing may be started."""
        asked = {"apply_starts": lease.apply_starts + 1, "start_asked_at": now}
        return self._update(lease, asked, "runId = :me AND owes = :apply", {":apply": "apply"})

    def release_to_user(self, model_arn: str, run_id: str) -> None:
        """The model runs as decided and is the user's from now on: release the lease, if the run owed that.

        Raises:
            ModelLost: the run has been ended meanwhile, and its model is being stopped.
        """
        mine = {":me": run_id, ":apply": "apply"}
        if not self._delete(model_arn, "runId = :me AND owes = :apply", mine):
            lease = self.of(model_arn)
            if lease is not None and lease.run_id == run_id:
                raise _given_up(run_id)

    def release(self, lease: Lease) -> None:
        """Nothing is owed any more: the model is free for the next run."""
        self._delete(lease.model_arn, "runId = :me", {":me": lease.run_id})

    def _delete(self, model_arn: str, condition: str, values: Mapping[str, Any]) -> bool:
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=serialized(key(model_arn)),
                ConditionExpression=condition,
                ExpressionAttributeValues=serialized(values),
            )
        except ClientError as error:
            _raise_unless_refused(error)
            return False
        return True

    def _update(
        self, lease: Lease, changes: Mapping[str, Any], condition: str, values: Mapping[str, Any]
    ) -> Lease | None:
        sets = {f":{name}": value for name, value in changes.items()}
        try:
            updated = self._client.update_item(
                TableName=self._table,
                Key=serialized(key(lease.model_arn)),
                UpdateExpression="SET " + ", ".join(f"{ATTRIBUTE[name]} = :{name}" for name in changes),
                ConditionExpression=condition,
                ExpressionAttributeValues=serialized({**sets, **values, ":me": lease.run_id}),
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            _raise_unless_refused(error)
            return None
        return lease_of(updated["Attributes"])


def lease_store() -> LeaseStore:
    """The leases in this stack's table."""
    return LeaseStore(dynamodb_client(), settings().runs_table)


def _given_up(run_id: str) -> ModelLost:
    """What ends whatever a run still does after it lost its lease."""
    return ModelLost(f"the run {run_id} has been ended and does not hold the model any more - start a new run")


def _raise_unless_refused(error: ClientError) -> None:
    if error.response["Error"].get("Code") != f"{_REFUSED}Exception":
        raise error
