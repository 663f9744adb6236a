"""Leases in the runs table, as items `MODEL#<arn>` / `LEASE`. Only conditional writes acquire and release them.

The index `Leases` holds only the leases, so that a scan for them reads nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from iu_tuner.contract.errors import InternalError, ModelLost
from iu_tuner.contract.names import LEASE_ITEM, LEASES_INDEX, model_pk
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.settings import settings
from lambdas.aws.table import Attributes, Partition, dynamodb_client, items_of_index
from lambdas.models.lease import Lease

_INDEX_KEY = "leaseHolder"
_HELD_BY_RUN = "runId = :me"
_ATTRIBUTES = Attributes(Lease)
_FIELDS_OF_RUN = (
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
    "ends_serving",
)


class LeaseStore:
    """All leases of this stack."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table
        self._guard = Partition(client, table, "LEASES")

    def acquire(self, lease: Lease) -> Lease:
        """Acquire the lease if the model has none. Returns the valid lease: this one or that of another run."""
        values = {**_ATTRIBUTES.of(lease), _INDEX_KEY: lease.run_id}
        for _ in range(3):
            if self._of_model(lease.model_arn).put(LEASE_ITEM, values, condition="attribute_not_exists(pk)"):
                self._require_no_guard(lease)
                return lease
            if (holder := self.get(lease.model_arn)) is not None:
                return holder
        raise InternalError("the model's lease changed hands three times in a moment - run again")

    def _require_no_guard(self, lease: Lease) -> None:
        """Check for the guard after the lease is written: then either this call or the guard's owner sees the other."""
        with suppress(KeyError):
            if self._guard.get("GUARD")["guardedUntil"] > time.time():
                self.release(lease)
                raise InternalError("the stack is being deleted, so no run starts any more")

    def block_new_leases(self, seconds: float) -> None:
        """Write the guard that prevents new leases for this many seconds."""
        self._guard.put("GUARD", {"guardedUntil": time.time() + seconds})

    def get(self, model_arn: str) -> Lease | None:
        """The model's lease as of now. Returns None if it has none."""
        with suppress(KeyError):
            return _ATTRIBUTES.read(self._of_model(model_arn).get(LEASE_ITEM))
        return None

    def held_by(self, run_id: str) -> Lease | None:
        """The run's lease, for callers that do not know the model. Returns None if it has none."""
        return next((lease for lease in self.all() if lease.run_id == run_id), None)

    def all(self) -> list[Lease]:
        """All leases. The last moments' changes may be missing, as reads of the index are eventually consistent."""
        return [_ATTRIBUTES.read(item) for item in items_of_index(self._client, self._table, LEASES_INDEX)]

    def save(self, lease: Lease) -> Lease:
        """Save the changes that an active run made to its lease. Raises ModelLost as `require_held` does."""
        changes = {name: getattr(lease, name) for name in _FIELDS_OF_RUN}
        saved_lease = self._update(lease, changes, f"{_HELD_BY_RUN} AND closing = :no", {":no": False})
        if saved_lease is None:
            raise _lease_lost(lease.run_id)
        return saved_lease

    def require_held(self, model_arn: str, run_id: str) -> Lease:
        """The lease of an active run.

        Raises:
            ModelLost: the run does not hold the lease any more, or is being ended.
        """
        lease = self.get(model_arn)
        if lease is None or lease.run_id != run_id or lease.closing:
            raise _lease_lost(run_id)
        return lease

    def renew(self, model_arn: str, run_id: str, now: float) -> Lease:
        """Note that an active run goes on. Returns its lease. Raises ModelLost as `require_held` does."""
        lease = self.require_held(model_arn, run_id)
        renewed_lease = self._update(lease, {"renewed_at": now}, f"{_HELD_BY_RUN} AND closing = :no", {":no": False})
        if renewed_lease is None:
            raise _lease_lost(run_id)
        return renewed_lease

    def is_active(self, model_arn: str, run_id: str) -> bool:
        """Like `require_held`, but returns a bool. Returns True if DynamoDB does not answer, as that ends no run."""
        try:
            self.require_held(model_arn, run_id)
        except ModelLost:
            return False
        except AWS_ERRORS:
            pass
        return True

    def mark_closing(self, lease: Lease) -> Lease | None:
        """Forbid the run to start the model. Returns the present lease, or None if the run does not hold it."""
        return self._update(lease, {"closing": True}, _HELD_BY_RUN, {})

    def save_changes(self, lease: Lease, *, instead_of: Lease) -> None:
        """Save the changes in a lease that is marked as closing; `instead_of` is the lease before them."""
        changes = {name: value for name, value in asdict(lease).items() if value != getattr(instead_of, name)}
        if changes:
            self._update(lease, changes, _HELD_BY_RUN, {})

    def ask_to_apply(self, lease: Lease, now: float) -> Lease | None:
        """Save a request to start with the units decided. Returns None if the run was ended: then nothing may start."""
        changes = {"apply_starts": lease.apply_starts + 1, "start_asked_at": now}
        return self._update(lease, changes, f"{_HELD_BY_RUN} AND owes = :apply", {":apply": "apply"})

    def release_to_user(self, model_arn: str, run_id: str) -> None:
        """Release the lease of a model that runs with the units decided, so that the user owns it from now on.

        Raises:
            ModelLost: the run was ended meanwhile, and its model is being stopped.
        """
        condition, condition_values = f"{_HELD_BY_RUN} AND owes = :apply", {":me": run_id, ":apply": "apply"}
        if not self._of_model(model_arn).delete(LEASE_ITEM, condition=condition, condition_values=condition_values):
            lease = self.get(model_arn)
            if lease is not None and lease.run_id == run_id:
                raise _lease_lost(run_id)

    def release(self, lease: Lease) -> None:
        """Release the lease after the cleanup, so that the model is free for the next run."""
        self._of_model(lease.model_arn).delete(
            LEASE_ITEM, condition=_HELD_BY_RUN, condition_values={":me": lease.run_id}
        )

    def _of_model(self, model_arn: str) -> Partition:
        return Partition(self._client, self._table, model_pk(model_arn))

    def _update(
        self, lease: Lease, changes: Mapping[str, Any], condition: str, condition_values: Mapping[str, Any]
    ) -> Lease | None:
        values = {_ATTRIBUTES.names[name]: value for name, value in changes.items()}
        condition_values = {**condition_values, ":me": lease.run_id}
        item = self._of_model(lease.model_arn).update(
            LEASE_ITEM, values, condition=condition, condition_values=condition_values
        )
        return None if item is None else _ATTRIBUTES.read(item)


def lease_store() -> LeaseStore:
    """The lease store in this stack's table."""
    return LeaseStore(dynamodb_client(), settings().runs_table)


def _lease_lost(run_id: str) -> ModelLost:
    """The error that ends a run's remaining work after it lost its lease."""
    return ModelLost(f"the run {run_id} has been ended and does not hold the model any more - start a new run")
