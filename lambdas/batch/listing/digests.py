"""The keys and ETags that a listing has seen, in few bytes. Pure."""

from __future__ import annotations

from hashlib import blake2b

DIGEST_BYTES = 16  # of a digest: two different keys among a billion have the same one with a probability of 1e-21


class Digests:
    """A set of texts. One text takes about 120 bytes of memory."""

    def __init__(self, content: bytes = b"") -> None:
        self._digests = {content[start : start + DIGEST_BYTES] for start in range(0, len(content), DIGEST_BYTES)}

    def add(self, text: str) -> bool:
        """Add a text. Returns False if it was added before."""
        count_before = len(self._digests)
        self._digests.add(blake2b(text.encode(errors="surrogatepass"), digest_size=DIGEST_BYTES).digest())
        return len(self._digests) > count_before

    def content(self) -> bytes:
        """All digests as one file, from which another process continues."""
        return b"".join(self._digests)
