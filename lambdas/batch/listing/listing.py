"""One invocation of ListImages: from the input and a state to the next state, with the shards in S3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from iu_tuner.contract.batch.batch_input import ProcessInput, list_address
from iu_tuner.contract.model_arn import service_of
from lambdas.aws.errors import ClientError
from lambdas.batch.listing.digests import Digests
from lambdas.batch.listing.entry import Selection
from lambdas.batch.listing.list_images import ListingState, SeenImages, list_images
from lambdas.batch.listing.list_pages import list_files, list_pages
from lambdas.batch.listing.prefix_pages import prefix_pages
from lambdas.batch.shards.names import folder, shard_key
from lambdas.images.refusals import run_error_of


@dataclass(frozen=True)
class ImageListing:
    """The listing of one run. `own_bucket` is the stack's bucket, which takes shards and results."""

    s3: Any
    run_id: str
    input: ProcessInput
    own_bucket: str

    @property
    def bucket(self) -> str:
        """The bucket of the images."""
        return self.input.images.bucket or self.own_bucket

    def go_on(self, state: ListingState, is_over: Callable[[], bool]) -> ListingState:
        """List from `state` on until everything is listed or the time is over.

        Raises:
            InvalidInput: the list is wrong. AccessDenied, NoUsableImages: S3 refuses the bucket or the list.
        """
        images = self.input.images
        bucket, key = (self.bucket, images.prefix) if images.list is None else list_address(images.list)
        try:
            seen = self._load(state)
            listed = list_images(self._pages, self._selection, self._put_shard, state, seen, is_over)
            if not listed.is_complete:
                self._save(listed, seen)
        except ClientError as error:
            raise run_error_of(error, bucket, key) from error
        return listed

    def _pages(self, position: Mapping[str, Any]) -> Any:
        images = self.input.images
        if images.list is None:
            return prefix_pages(self.s3, self.bucket, images.prefix, position)
        return list_pages(self.s3, list_files(self.s3, images, self.bucket), position)

    @property
    def _selection(self) -> Selection:
        images, modified_after = self.input.images, self.input.images.modified_after
        return Selection.of(
            self.bucket,
            images.suffixes,
            own_bucket=self.own_bucket,
            results_prefix=self.input.results.prefix,
            has_masks=service_of(self.input.model_arn).has_masks,
            takes_bare_names=images.list is not None and not images.list.endswith("manifest.json"),
            modified_after=None if modified_after is None else datetime.fromisoformat(modified_after).timestamp(),
        )

    def _put_shard(self, number: int, content: bytes) -> None:
        self.s3.put_object(Bucket=self.own_bucket, Key=shard_key(self.run_id, number), Body=content)

    def _load(self, state: ListingState) -> SeenImages:
        """What earlier invocations saw. Each has files of its own, so that one that is repeated reads the same."""
        has_list = self.input.images.list is not None
        if not state.listed:
            return SeenImages(Digests(), Digests() if has_list else None)
        return SeenImages(self._digests(state, "etags"), self._digests(state, "keys") if has_list else None)

    def _digests(self, state: ListingState, kind: str) -> Digests:
        return Digests(self.s3.get_object(Bucket=self.own_bucket, Key=self._digests_key(state, kind))["Body"].read())

    def _save(self, state: ListingState, seen: SeenImages) -> None:
        for kind, digests in (("etags", seen.e_tags), ("keys", seen.keys)):
            if digests is not None and state.listed:
                key = self._digests_key(state, kind)
                self.s3.put_object(Bucket=self.own_bucket, Key=key, Body=digests.content())

    def _digests_key(self, state: ListingState, kind: str) -> str:
        return f"{folder(self.run_id)}listed-{state.listed}-{kind}.bin"
