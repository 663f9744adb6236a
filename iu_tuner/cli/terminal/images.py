"""Renders a batch, or a run for uploads, for a terminal: its progress in a line, and its output."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from iu_tuner.contract.batch.live_batch import LiveBatch, batch_of
from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.batch.sentences import batch_sentence
from iu_tuner.contract.output.live_run import LiveRun
from iu_tuner.contract.output.sentences import receipt_sentence
from iu_tuner.contract.uploads.live_serve import LiveServe, uploads_of
from iu_tuner.contract.uploads.serve_output import ServeOutput
from iu_tuner.formats import count, duration, one_line, percent, tps

MAX_FAILURES = 5


def images_progress(run: LiveRun | None, now: float) -> str | None:
    """The progress of a run that gives images their results. Returns None for any other run."""
    if (batch := batch_of(run)) is not None:
        return batch_progress(batch, now)
    return None if (uploads := uploads_of(run)) is None else uploads_progress(uploads, now)


def batch_progress(live: LiveBatch, now: float) -> str:
    """Done of listed, the rate against the measured one, and the time and dollars that are left."""
    parts = [f"{live.done + live.current:,} of {count(live.listed, 'image')} have a result"]
    parts += [f"{live.failed:,} failed"] if live.failed else []
    if live.open_images and (rate := live.tps(now)):  # afterwards the clock goes on, and the rate would fall
        share_text = f" ({percent(round(rate / live.measured_tps, 2))} of measured)" if live.measured_tps else ""
        parts.append(f"{tps(rate)} images/s{share_text}")
    left_s = live.seconds_left(now)
    if left_s and live.open_images:
        usd = (live.inference_units or 1) * left_s / 3600 * (live.usd_per_unit_hour or 0.0)
        parts.append(f"about {duration(left_s)} and ${usd:.2f} left")
    elif live.began_at is None and live.expected_usd is not None and live.expected_hours is not None:
        parts.append(f"about {duration(3600 * live.expected_hours)} and ${live.expected_usd:.2f} in all")
    return ", ".join(parts)


def uploads_progress(live: LiveServe, now: float) -> str:
    """Done, failed and waiting uploads, the rate, the dollars so far, and for how long nothing was to do.

    That time is in whole minutes, as each change is a line of a log.
    """
    parts = [f"{count(live.done or 0, 'upload')} analysed"]
    parts += [f"{live.failed:,} failed"] if live.failed else []
    parts += [f"{live.waiting:,} waiting"] if live.waiting is not None else []
    parts += [f"{tps(live.tps)} images/s"] if live.tps else []
    if (usd := live.usd_until(now)) is not None:
        parts.append(f"${usd:.2f} so far")
    if (idle_s := live.idle_for(now)) is not None:
        idle_text = duration(60 * (idle_s // 60)) if idle_s >= 60 else "less than a minute"
        parts.append(f"nothing to do for {idle_text} of {duration(live.idle_s)}")
    return ", ".join(parts)


def images_sentence(output: BatchOutput | ServeOutput) -> str:
    """The output in one sentence: the images, the rate and the cost."""
    return batch_sentence(output) if isinstance(output, BatchOutput) else output.sentence


def images_answer(output: BatchOutput | ServeOutput) -> Iterator[RenderableType]:
    """The parts of the output: a sentence, its verdict, the first failures, the receipt and the files."""
    yield Text(_plain(images_sentence(output)), style="bold")
    yield Text(_plain(f"Verdict: {output.verdict}. {output.verdict_detail}"))
    if isinstance(output, BatchOutput):
        yield from _batch_parts(output)
    for warning in output.warnings or ():
        yield Text(_plain(f"- {warning}"))
    if output.model is not None:
        yield Text(_plain(receipt_sentence(output.model)))
    manifest = output.manifest_uri if isinstance(output, BatchOutput) else None
    for name, uri in (("Manifest", manifest), ("Report", output.report_uri)):
        if uri:
            yield Text(f"{name}: {_plain(uri)}")


def _batch_parts(output: BatchOutput) -> Iterator[RenderableType]:
    for each in output.failures[:MAX_FAILURES]:
        yield Text(_plain(f"- {each.key}: {each.error}: {each.message}"))
    if output.cost is not None and output.cost.ideal_usd is not None:
        yield Text(f"The images alone cost ${output.cost.ideal_usd:.2f} at the measured rate.")


def _plain(text: str) -> str:
    return one_line(text, "\ufffd")
