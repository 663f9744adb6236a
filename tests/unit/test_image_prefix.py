"""`images.prefix`: what no key begins with is refused, saying what to write."""

from __future__ import annotations

import pytest

from iu_tuner.contract.image_prefix import prefix_advice
from tests.support.hostile_images import ODD_NAMES, PREFIX


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("/samples/", 'write "samples/"'),
        ("//samples/a/", 'write "samples/a/"'),
        ("/", 'write "" for all of the bucket'),
        ("s3://my-images/samples/", 'write "samples/", and "my-images" as images.bucket'),
        ("S3://my-images", 'write "" for all of the bucket, and "my-images" as images.bucket'),
        ("s3://my-images/a/*.png", 'write "a/", and "my-images" as images.bucket'),
        ("arn:aws:s3:::my-images/samples/*", 'write "samples/", and "my-images" as images.bucket'),
        ("https://my-images.s3.amazonaws.com/samples/", "write only what follows the bucket's name"),
        ("file:///home/me/samples/", "write only what follows the bucket's name"),
        ("samples/*.jpg", 'write "samples/"'),
        ("samples/2026-*/", 'write "samples/2026-"'),
        ("*", 'write "" for all of the bucket'),
        ("**/*.jpg", 'write "" for all of the bucket'),
        ("samples\\", 'write "samples/"'),
        ("samples\\\\more\\/", 'write "samples/more/"'),
        ("\\samples", 'write "samples"'),
        ("/a\nb/", r'write "a\nb/"'),
    ],
)
def test_what_is_no_start_of_a_key_is_told_with_what_was_meant(prefix: str, said: str) -> None:
    instead = prefix_advice(prefix)

    assert instead is not None
    assert instead.startswith(said)


@pytest.mark.parametrize("prefix", ["", "samples/", "samples", "a//b/", "a?b/", "./a/", " ", "a:b/", "größer/", "C:"])
def test_what_keys_can_begin_with_is_taken(prefix: str) -> None:
    assert prefix_advice(prefix) is None


def test_odd_names_can_be_named() -> None:
    taken = [name for name in ODD_NAMES if prefix_advice(PREFIX + name) is None]

    assert set(ODD_NAMES) - set(taken) == {"back\\slash.jpg"}
