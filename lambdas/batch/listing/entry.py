"""What a listing finds: an object, or a row that stands for none; and the rules by which objects are left out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.names import MASK_SUFFIX, REPORT_PREFIX
from lambdas.batch.shards.listed_object import ListedObject
from lambdas.batch.shards.names import BATCHES
from lambdas.images.formats import fault_of_companion

# Why an object is left out: the keys of `images.leftOut` in the output.
FOLDER, OTHER_NAME, COMPANION_FILE, REPORT, RESULT = "folder", "other suffix", "companion file", "report", "result"
TOO_OLD, OTHER_BUCKET, LISTED_TWICE = "not modified since", "in another bucket", "listed twice"
DELETE_MARKER, OLD_VERSION = "delete marker", "old version"


@dataclass(frozen=True, slots=True)
class Entry:
    """An object of a listing. `bucket` and `modified` (epoch seconds) are None if the listing does not say them.

    `reason_left_out` is the reason why this row stands for no image, whatever its key is.
    """

    object: ListedObject
    bucket: str | None = None
    modified: float | None = None
    reason_left_out: str | None = None


@dataclass(frozen=True)
class Page:
    """Some entries, and the position after them from which the listing goes on. None after the last page."""

    entries: list[Entry]
    position: dict[str, Any] | None


@dataclass(frozen=True)
class Selection:
    """Which objects of `bucket` are images. In the stack's own bucket, reports and results are none.

    With `takes_bare_names` an object whose name has no suffix at all is an image, too: a list of keys means it. With
    `has_masks` the masks of results lie there, too.
    """

    bucket: str
    suffixes: tuple[str, ...]
    own_prefixes: tuple[tuple[str, str], ...] = ()
    modified_after: float | None = None
    takes_bare_names: bool = False
    has_masks: bool = False

    @classmethod
    def of(
        cls,
        bucket: str,
        suffixes: tuple[str, ...],
        *,
        own_bucket: str,
        results_prefix: str,
        modified_after: float | None = None,
        takes_bare_names: bool = False,
        has_masks: bool = False,
    ) -> Selection:
        """The selection of an input. Suffixes are compared in lower case."""
        own_prefixes = (
            ((REPORT_PREFIX, REPORT), (BATCHES, REPORT), (results_prefix, RESULT)) if bucket == own_bucket else ()
        )
        prefixes = tuple(each for each in own_prefixes if each[0])
        lower_suffixes = tuple(suffix.lower() for suffix in suffixes)
        covers_masks = has_masks and bucket == own_bucket
        return cls(bucket, lower_suffixes, prefixes, modified_after, takes_bare_names, covers_masks)

    def reason(self, entry: Entry) -> str | None:
        """Why the object is no image of this batch. Returns None if it is one."""
        key = entry.object.key
        if entry.reason_left_out is not None:
            return entry.reason_left_out
        if entry.bucket is not None and entry.bucket != self.bucket:
            return OTHER_BUCKET
        if key.endswith("/"):
            return FOLDER
        for prefix, reason in self.own_prefixes:
            if key.startswith(prefix):
                return reason
        if self.has_masks and key.endswith(MASK_SUFFIX):
            return RESULT
        if fault_of_companion(key):
            return COMPANION_FILE
        is_bare = self.takes_bare_names and "." not in key.rpartition("/")[2]
        if not is_bare and not key.lower().endswith(self.suffixes):
            return OTHER_NAME
        if self.modified_after is not None and entry.modified is not None and entry.modified <= self.modified_after:
            return TOO_OLD
        return None
