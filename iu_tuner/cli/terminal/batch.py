"""Renders a batch for a terminal: its progress in a line, and its output."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from iu_tuner.contract.batch.live_batch import LiveBatch
from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.batch.sentences import batch_sentence
from iu_tuner.contract.output.sentences import receipt_sentence
from iu_tuner.formats import count, duration, one_line, percent, tps

MAX_FAILURES = 5


def batch_progress(live: LiveBatch, now: float) -> str:
    """Done of listed, the rate against the measured one, and the time and dollars that are left."""
    parts = [f"{live.done + live.current:,} of {count(live.listed, 'image')} have a result"]
    parts += [f"{live.failed:,} failed"] if live.failed else []
    if live.open and (rate := live.tps(now)):  # afterwards the clock goes on, and the rate would fall
        share = f" ({percent(round(rate / live.measured_tps, 2))} of measured)" if live.measured_tps else ""
        parts.append(f"{tps(rate)} images/s{share}")
    left_s = live.seconds_left(now)
    if left_s and live.open:
        usd = (live.inference_units or 1) * left_s / 3600 * (live.usd_per_unit_hour or 0.0)
        parts.append(f"about {duration(left_s)} and ${usd:.2f} left")
    elif live.began_at is None and live.expected_usd is not None and live.expected_hours is not None:
        parts.append(f"about {duration(3600 * live.expected_hours)} and ${live.expected_usd:.2f} in all")
    return ", ".join(parts)


def batch_answer(output: BatchOutput) -> Iterator[RenderableType]:
    """The parts of a batch's output: a sentence, its verdict, the first failures, the receipt and the files."""
    yield Text(_plain(batch_sentence(output)), style="bold")
    yield Text(_plain(f"Verdict: {output.verdict}. {output.verdict_detail}"))
    for each in output.failures[:MAX_FAILURES]:
        yield Text(_plain(f"- {each.key}: {each.error}: {each.message}"))
    for warning in output.warnings or ():
        yield Text(_plain(f"- {warning}"))
    if output.cost is not None and output.cost.ideal_usd is not None:
        yield Text(f"The images alone cost ${output.cost.ideal_usd:.2f} at the measured rate.")
    if output.model is not None:
        yield Text(_plain(receipt_sentence(output.model)))
    for name, uri in (("Manifest", output.manifest_uri), ("Report", output.report_uri)):
        if uri:
            yield Text(f"{name}: {_plain(uri)}")


def _plain(text: str) -> str:
    return one_line(text, "\ufffd")
