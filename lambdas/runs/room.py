"""Whether the account may run one more model."""

from __future__ import annotations

from iu_tuner.contract.errors import ModelNotStartable
from iu_tuner.formats import count
from lambdas.models.lease_store import LeaseStore
from lambdas.models.registry import facts_of
from lambdas.runs.quotas import quotas_client, running_models_quota


def require_room(leases: LeaseStore, model_arn: str) -> None:
    """Require that the account may run one more model beside those that other runs hold.

    Raises:
        ModelNotStartable: other runs hold as many models as the account may run.
    """
    others = [lease for lease in leases.all() if lease.model_arn != model_arn]
    quota = running_models_quota(quotas_client(), facts_of(model_arn)) if others else 1
    if len(others) >= quota:
        runs = ", ".join(sorted(lease.run_id for lease in others))
        raise ModelNotStartable(
            f"the account runs at most {count(quota, 'model')} at once, and the runs {runs} hold as many - run again"
            " when one of them has ended, or raise the quota in Service Quotas"
        )
