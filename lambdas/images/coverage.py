"""The share of the user's images that a run measures with, and the cautions if it is small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from iu_tuner.formats import count
from lambdas.images.formats import OTHER_PICTURES
from lambdas.images.image import TOO_LARGE, TOO_LARGE_FOR_BYTES, TOO_MANY_PIXELS

NOTABLE_SHARE = 0.1  # if this share of the images or more is left out, the result has a caution
FEW_IMAGES = 5  # with this many images or fewer, the result has a caution
ENOUGH_IMAGES = 10  # the number of images that this caution advises
MAX_KINDS_SHOWN = 4  # kinds of faults that a caution names


@dataclass(frozen=True)
class Sample:
    """A group of `size` objects of the listing, and the results for the `looked_at` objects that were inspected.

    `usable` and `left_out` (by kind of fault) count only images, not texts or archives in the same folder.
    """

    size: int
    looked_at: int
    usable: int
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class ImagesFound:
    """The images under a prefix: JPEG and PNG files, files named like them, and pictures in other formats.

    `images` and `left_out` (by kind of fault) are estimates if not all of them were inspected.
    """

    prefix: str
    images: int
    left_out: Mapping[str, int]
    looked_at: int
    is_estimate: bool
    listing_was_cut: bool

    @classmethod
    def of(cls, samples: Iterable[Sample], *, prefix: str, listing_was_cut: bool) -> ImagesFound:
        """Extrapolate from the inspected objects of each sample to the others, which have similar names."""
        inspected_samples = [sample for sample in samples if sample.looked_at]
        left_out: Counter[str] = Counter()
        for sample in inspected_samples:
            for kind, number in sample.left_out.items():
                left_out[kind] += round(number * sample.size / sample.looked_at)
        usable = sum(round(sample.usable * sample.size / sample.looked_at) for sample in inspected_samples)
        return cls(
            prefix,
            images=usable + left_out.total(),
            left_out={kind: number for kind, number in left_out.most_common() if number},
            looked_at=sum(sample.usable + sum(sample.left_out.values()) for sample in inspected_samples),
            is_estimate=any(sample.looked_at < sample.size for sample in inspected_samples),
            listing_was_cut=listing_was_cut,
        )


def image_cautions(found: ImagesFound, *, object_count: int, chosen_count: int, refused_count: int) -> tuple[str, ...]:
    """Cautions, as clauses, about a result from few of the user's images. Empty if there are none.

    `object_count` is the number of listed objects. Of `chosen_count` images the model refused `refused_count`.
    """
    used_count, cautions = chosen_count - refused_count, []
    if found.left_out and sum(found.left_out.values()) >= NOTABLE_SHARE * found.images:
        cautions.append(_left_out_caution(found))
    if refused_count and refused_count >= NOTABLE_SHARE * chosen_count:
        cautions.append(
            f"the model refused {refused_count} of the {chosen_count} images chosen: images.skipped says why"
        )
    if used_count <= FEW_IMAGES:
        upload_advice = f"upload at least {ENOUGH_IMAGES} like those that the model will get"
        cautions.append(f"measured with only {count(used_count, 'image')}: {upload_advice}")
    if found.listing_was_cut:
        cautions.append(
            f"only the first {object_count:,} objects under {found.prefix or 'the bucket'} were listed, in the order"
            " of their keys: name a folder with fewer in images.prefix"
        )
    return tuple(cautions)


def _left_out_caution(found: ImagesFound) -> str:
    kinds, total = Counter(found.left_out).most_common(), sum(found.left_out.values())
    shown_kinds = kinds[:MAX_KINDS_SHOWN]
    reasons = [f"{number:,} as {kind}" for kind, number in shown_kinds]
    if other_count := total - sum(number for _, number in shown_kinds):
        reasons.append(f"{other_count:,} for other reasons")
    kinds_clause = f" as {shown_kinds[0][0]}" if len(kinds) == 1 else f" ({', '.join(reasons)})"
    about, basis_clause = (
        ("about ", f", judging by the {found.looked_at:,} looked at") if found.is_estimate else ("", "")
    )
    are_too_large = found.left_out.keys() & {TOO_LARGE, TOO_LARGE_FOR_BYTES}
    size_clause = ": measured with the smallest only" if are_too_large else ""
    caution = f"{about}{total:,} of {found.images:,} images were left out{kinds_clause}{basis_clause}{size_clause}"
    return "; ".join([caution, *advice(kind for kind, _ in shown_kinds)])


def advice(kinds: Iterable[str]) -> list[str]:
    """The advice for faults of these kinds, if the same step helps all images of a kind."""
    given_kinds = list(kinds)
    other_formats = [kind for kind in given_kinds if kind in OTHER_PICTURES]
    return [
        *(["give images.source s3"] if TOO_LARGE_FOR_BYTES in given_kinds else []),
        *([f"convert {', '.join(other_formats)} to JPEG or PNG"] if other_formats else []),
        *(["make them smaller"] if {TOO_LARGE, TOO_MANY_PIXELS} & set(given_kinds) else []),
    ]
