"""What became of the images of one shard, and of all shards of a run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from iu_tuner.contract.batch.output import BatchImages, ManifestPart
from lambdas.load.histogram import LatencyHistogram


@dataclass(frozen=True)
class Traffic:
    """The requests of a shard's workers: counts, seconds, and latencies by bucket of a `LatencyHistogram`.

    `seconds` is the time that workers worked, `paced_seconds` the part of it in which images waited for the pace.
    """

    requests: int = 0
    throttled: int = 0
    seconds: float = 0.0
    paced_seconds: float = 0.0
    latencies: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: Traffic) -> Traffic:
        """The sum of both."""
        latencies = LatencyHistogram.from_mapping(self.latencies)
        latencies.merge(LatencyHistogram.from_mapping(other.latencies))
        return Traffic(
            self.requests + other.requests,
            self.throttled + other.throttled,
            self.seconds + other.seconds,
            self.paced_seconds + other.paced_seconds,
            latencies.as_mapping(),
        )


@dataclass(frozen=True)
class ShardRecord:
    """What became of the `lines` images of one shard after the turns of so many workers.

    lines = current + done + failed + the number of `left`, which are the positions of images without an outcome.
    `temporary` of the failed images may succeed in a later run.
    """

    number: int
    turn: int
    lines: int
    current: int
    done: int
    failed: int
    temporary: int
    left: tuple[int, ...]
    parts: tuple[ManifestPart, ...] = ()
    failures: tuple[ManifestPart, ...] = ()
    traffic: Traffic = field(default_factory=Traffic)


@dataclass(frozen=True)
class Shards:
    """The shards of a run, and the order in which this round's workers claim them.

    A run that resumes another has its run ID in `resumed`, and in `before` the counts of the images that it does not
    list again. `again` are shards that a round left unfinished; they come before the new ones, of which earlier rounds
    have handed out `handed_out`. New shards are handed out from the last to the first, the smallest at the end.
    """

    total: int
    images: BatchImages
    round: int = 0
    again: tuple[int, ...] = ()
    handed_out: int = 0
    claims: int = 0
    resumed: str | None = None
    before: BatchImages = field(default_factory=BatchImages)

    def shard_of_claim(self, position: int) -> int | None:
        """The shard of the claim with this position, from 0. Returns None if there is none."""
        if position < len(self.again):
            return self.again[position]
        number = self.total - 1 - self.handed_out - (position - len(self.again))
        return number if number >= 0 else None

    def next_round(self, records: Iterable[ShardRecord]) -> Shards:
        """The order of the next round, after all workers of this one have ended.

        A claimed shard without a record had a worker that died; it is handed out again, like one with images left.
        """
        handed_out = min(self.total, self.handed_out + max(0, self.claims - len(self.again)))
        finished = {record.number for record in records if not record.left}
        known_numbers = range(self.total - 1, self.total - 1 - handed_out, -1)
        again = tuple(number for number in known_numbers if number not in finished)
        return replace(self, round=self.round + 1, again=again, handed_out=handed_out, claims=0)

    @property
    def claimable_count(self) -> int:
        """The number of shards that this round's workers can claim."""
        return len(self.again) + self.total - self.handed_out

    def tally(self, records: Iterable[ShardRecord]) -> BatchImages:
        """The images by what became of them, with those of the runs that this one resumes."""
        current, done, failed = self.before.current, self.before.done, self.before.failed
        for record in records:
            current, done, failed = current + record.current, done + record.done, failed + record.failed
        listed = self.before.listed + self.images.listed
        left_count = listed - current - done - failed
        return replace(self.images, listed=listed, current=current, done=done, failed=failed, left=left_count)
