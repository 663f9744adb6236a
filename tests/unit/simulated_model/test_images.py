"""The service takes PNG and JPEG of sensible size, by content."""

import pytest

from local.simulated_model.wire.images import MAX_BYTES, MAX_S3_BYTES, inspect, sides
from simulation.samples.pictures import jpeg, png


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (jpeg(), None),
        (png(), None),
        (jpeg(64, 64), None),
        (jpeg(4096, 4096), None),
        (jpeg(size=MAX_BYTES), None),
        (jpeg(size=MAX_BYTES + 1), "ImageTooLargeException"),
        (png(4097, 500), "ImageTooLargeException"),
        (png(63, 500), "InvalidParameterException"),
        (jpeg(2000, 99), "InvalidParameterException"),
        (b"", "ValidationException"),
        (b"GIF89a" + bytes(500), "InvalidImageFormatException"),
        (b"\xff\xd8\xff" + bytes(500), "InvalidImageFormatException"),
        (png()[:20], "InvalidImageFormatException"),
    ],
)
def test_what_is_said_of_an_image(content, code):
    refusal = inspect(content, MAX_BYTES).refusal

    assert (refusal.code if refusal else None) == code


def test_an_s3_object_may_be_larger():
    content = jpeg(size=MAX_BYTES + 1)

    assert inspect(content, MAX_S3_BYTES).refusal is None


def test_sides_are_read_from_the_frame():
    assert (sides(jpeg(800, 600)), sides(png(801, 601))) == ((800, 600), (801, 601))


def test_an_image_is_known_by_its_content():
    assert inspect(jpeg(), MAX_BYTES) == inspect(jpeg(), MAX_BYTES)
    assert inspect(jpeg(), MAX_BYTES) != inspect(jpeg(filling=1), MAX_BYTES)
