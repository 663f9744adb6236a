"""A run that ended without an answer."""

from __future__ import annotations

from dataclasses import dataclass

from iu_tuner.contract.output.live_run import Receipt
from iu_tuner.contract.output.result import FailedOutput
from iu_tuner.contract.output.sentences import receipt_sentence
from lambdas.models.registry import console_of


@dataclass(frozen=True)
class FailedRun:
    """`error` is one of the contract's names, or ABORTED or TIMED_OUT if the run was ended from outside."""

    run_id: str
    model_arn: str | None  # None if the input names no model
    error: str
    cause: str
    receipt: Receipt | None = None  # None if the run had no model to release
    is_settled: bool = True  # False if the model's final state could not be confirmed
    is_receipt_known: bool = True  # False if the runs table could not be read
    report_uri: str | None = None  # URI of its page, if it has one

    def as_output(self) -> FailedOutput:
        """The failed run as the detail of an event."""
        model = self.receipt.as_output() if self.receipt else None
        return FailedOutput(self.run_id, self.model_arn, self.error, self.cause, model)

    @property
    def how_model_was_left(self) -> str:
        """One sentence on whether the model still costs money."""
        if not self.is_settled:
            return (
                f"The model was NOT seen stopped and may still cost money: stop it in {console_of(self.model_arn)}. "
                "The safety net goes on trying, and tells when it is stopped."
            )
        if self.receipt is not None:
            return receipt_sentence(self.receipt.as_output())
        if not self.is_receipt_known:
            return f"How the model was left could not be read: look at its status in {console_of(self.model_arn)}."
        return "This run left the model as it was: it neither started nor stopped it."
