"""The sentence about a batch that the e-mail, the report and the client share."""

from __future__ import annotations

from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.formats import count, tps


def batch_sentence(output: BatchOutput) -> str:
    """A batch in one sentence: the images, the rate and the cost."""
    images, cost = output.images, output.cost
    if output.verdict in ("nothing-to-do", "skipped"):
        return output.verdict_detail
    parts = [f"{images.done:,} of {count(images.listed, 'image')} processed"]
    parts += [f"{images.current:,} were current"] if images.current else []
    parts += [f"{images.failed:,} failed"] if images.failed else []
    parts += [f"{images.left:,} are left"] if images.left else []
    rate = output.throughput.tps
    rate_text = f" at {tps(rate)} images/s" if rate is not None else ""
    cost_text = f" for ${cost.run_usd:,.2f}" if cost else ""
    return f"{', '.join(parts)}{rate_text}{cost_text}."
