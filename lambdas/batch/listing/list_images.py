"""Lists the images of a batch into shards, page by page, and stops at a page when its time is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from iu_tuner.contract.errors import InvalidInput
from lambdas.batch.listing.digests import Digests
from lambdas.batch.listing.entry import LISTED_TWICE, OTHER_BUCKET, Entry, Page, Selection
from lambdas.batch.shards.writer import ShardWriter


@dataclass(frozen=True)
class ListingState:
    """How far a listing is. The state machine hands it from one invocation to the next.

    `position` is None when the listing is complete. `shards` and `listed` count shards and images, `left_out` the
    objects that are none by reason, `duplicates` the images whose ETag another image has.
    """

    position: Mapping[str, Any] | None = field(default_factory=dict)
    shards: int = 0
    listed: int = 0
    duplicates: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether everything is listed."""
        return self.position is None

    @property
    def not_images(self) -> int:
        """The number of objects that are no images of this batch."""
        return sum(self.left_out.values())


@dataclass(frozen=True)
class SeenImages:
    """The ETags of the images so far, and their keys if a list may name one twice."""

    e_tags: Digests
    keys: Digests | None = None


def list_images(
    pages: Callable[[Mapping[str, Any]], Iterator[Page]],
    selection: Selection,
    put_shard: Callable[[int, bytes], None],
    state: ListingState,
    seen: SeenImages,
    is_over: Callable[[], bool],
) -> ListingState:
    """List from `state` on, at least one page. `seen` goes on with the images of earlier invocations.

    A repeated call with the same state and the same `seen` writes the same shards.

    Raises:
        InvalidInput: a list is wrong, or all of its rows are of another bucket. ClientError: S3 refuses.
    """
    assert state.position is not None
    counts = _Counts(state, seen)
    with ShardWriter(put_shard, state.shards) as writer:
        for page in pages(state.position):
            for entry in page.entries:
                if counts.add(entry, selection.reason(entry)):
                    writer.add(entry.object)
            if page.position is None or is_over():
                break
        writer.flush()
        listed = ListingState(page.position, writer.next_shard, counts.listed, counts.duplicates, dict(counts.left_out))
    if listed.is_complete and not listed.listed and listed.left_out.get(OTHER_BUCKET):
        raise InvalidInput(
            f"images.list: got {listed.left_out[OTHER_BUCKET]:,} rows of other buckets and none of {selection.bucket};"
            " takes images of one bucket: give it as images.bucket"
        )
    return listed


class _Counts:
    """The numbers of a listing as it goes on."""

    def __init__(self, state: ListingState, seen: SeenImages) -> None:
        self.listed, self.duplicates, self.left_out = state.listed, state.duplicates, Counter(state.left_out)
        self._seen = seen

    def add(self, entry: Entry, reason: str | None) -> bool:
        """Count an entry. Returns whether it is an image to process."""
        if reason is None and self._seen.keys is not None and not self._seen.keys.add(entry.object.key):
            reason = LISTED_TWICE
        if reason is not None:
            self.left_out[reason] += 1
            return False
        self.listed += 1
        if entry.object.e_tag is not None and not self._seen.e_tags.add(entry.object.e_tag):
            self.duplicates += 1
        return True
