"""The keys and ETags that a listing has seen, in few bytes. Pure."""

from __future__ import annotations

from hashlib import blake2b

BYTES = 16  # of a digest: two different keys among a billion have the same one with a probability of 1e-21


class Digests:
    """A set of texts. One text takes about 120 bytes of memory."""

    def __init__(self, content: bytes = b"") -> None:
        self._met = {content[start : start + BYTES] for start in range(0, len(content), BYTES)}

    def add(self, text: str) -> bool:
        """Add a text. Returns False if it was added before."""
        before = len(self._met)
        self._met.add(blake2b(text.encode(errors="surrogatepass"), digest_size=BYTES).digest())
        return len(self._met) > before

    def content(self) -> bytes:
        """All digests as one file, from which another process continues."""
        return b"".join(self._met)
