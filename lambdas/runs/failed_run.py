"""A run that ended without an answer, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass

from iu_tuner.contract.output.result import FailedOutput, ModelOutput
from lambdas.models.registry import console_of
from lambdas.models.status import DELETED, ModelState
from lambdas.runs.receipt import Receipt, model_left


@dataclass(frozen=True)
class FailedRun:
    """`error` is one of the contract's names, or ABORTED or TIMED_OUT of a run that was ended from outside."""

    run_id: str
    model_arn: str | None  # None: the input names none
    error: str
    cause: str
    receipt: Receipt | None = None  # None: the run settled no model
    is_settled: bool = True  # False: the model was not seen as it has to be left
    is_receipt_known: bool = True  # False: the runs table did not answer
    report_uri: str | None = None  # of its page, if it has one

    def as_output(self) -> FailedOutput:
        """In the words of a finished run's output."""
        left = model_left(self.receipt) if self.receipt else None
        return FailedOutput(self.run_id, self.model_arn, self.error, self.cause, left)

    @property
    def how_model_was_left(self) -> str:
        """A sentence for whoever pays for the model."""
        if not self.is_settled:
            return (
                f"The model was NOT seen stopped and may still cost money: stop it in {console_of(self.model_arn)}. "
                "The safety net goes on trying, and tells when it is stopped."
            )
        if self.receipt is not None:
            return receipt_sentence(model_left(self.receipt))
        if not self.is_receipt_known:
            return f"How the model was left could not be read: look at its status in {console_of(self.model_arn)}."
        return "This run left the model as it was: it neither started nor stopped it."


def receipt_sentence(left: ModelOutput) -> str:
    """How the model was left, from the receipt as the output has it (`model`)."""
    status, before = left.status_after, left.status_before
    if status == DELETED:
        how = "The model version was deleted, so it costs nothing."
    elif ModelState(status).costs_money:
        how = f"The model was left {status}, as the run was to leave it (it was {before} before): it costs money."
    else:
        how = f"The model is stopped: its status was read back as {status} (it was {before} before)."
    if left.started_at is None:
        return how
    return (
        f"{how} In this run it ran from {left.started_at} to {left.stopped_at or 'the end'}: "
        f"{left.inference_unit_hours:.4f} inference unit hours, ${left.usd:.2f}."
    )
