"""Images, skipped images, faults, and the limits of a request."""

from __future__ import annotations

from dataclasses import dataclass

from iu_tuner.contract.choices import Source

# Quotas of a request (AWS General Reference): bytes of a file, pixels of a side, ratio of the longer to the shorter.
MAX_BYTES: dict[Source, int] = {"bytes": 4 * 1024**2, "s3": 15 * 1024**2}
MIN_PIXELS, MAX_PIXELS = 64, 4096
MAX_SIDE_RATIO = 20

# The suffixes of JPEG and PNG files. Compare them with lower-case names.
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png")

# Kinds of faults that have their own advice.
TOO_LARGE_FOR_BYTES = "too large for bytes"
TOO_LARGE = "too large for the service"
TOO_MANY_PIXELS = f"of more than {MAX_PIXELS} pixels a side"


@dataclass(frozen=True)
class Image:
    """An object in the image bucket that can be sent to the model."""

    key: str
    bytes: int


@dataclass(frozen=True)
class SkippedImage:
    """An object that can't be sent, and the reason. Objects of one `kind` are counted together: "12 as empty"."""

    key: str
    reason: str
    kind: str = "refused by the model"


@dataclass(frozen=True)
class Fault:
    """The reason why an object can't be sent: a `kind`, as in "12 images were left out as empty", and a sentence."""

    kind: str
    reason: str


def is_called_image(key: str) -> bool:
    """Whether the key has the suffix of a JPEG or PNG file."""
    return key.lower().endswith(IMAGE_SUFFIXES)


def fault_of_bytes(size: int, source: Source) -> Fault | None:
    """The fault of a file of `size` bytes. Returns None if it can be sent in this way."""
    if size == 0:
        return Fault("empty", "it is empty")
    if size <= MAX_BYTES[source]:
        return None
    kind = TOO_LARGE if size > MAX_BYTES["s3"] else TOO_LARGE_FOR_BYTES
    return Fault(kind, f"it has {size:,} bytes; with images.source {source} at most {MAX_BYTES[source]:,} are taken")


def fault_of_sides(width: int, height: int) -> Fault | None:
    """The fault of an image with these sides in pixels. Returns None if the service accepts it."""
    sides_clause, longer, shorter = f"it has {width} x {height} pixels", max(width, height), min(width, height)
    limits_clause = f"{MIN_PIXELS} to {MAX_PIXELS} a side are taken"
    if longer > MAX_PIXELS:
        return Fault(TOO_MANY_PIXELS, f"{sides_clause}; {limits_clause}")
    if shorter < MIN_PIXELS:
        return Fault(f"of less than {MIN_PIXELS} pixels a side", f"{sides_clause}; {limits_clause}")
    if longer > MAX_SIDE_RATIO * shorter:
        ratio = f"{MAX_SIDE_RATIO}:1"
        return Fault(f"longer than {ratio}", f"{sides_clause}; its sides may be {ratio} at most")
    return None
