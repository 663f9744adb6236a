"""The code of Lambdas, unpacked once and not for each of their environments."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any, ClassVar


class UnpackedOnce(zipfile.ZipFile):
    """Code in the place of which is a link to the folder that it was unpacked into first: nobody writes there."""

    _folders: ClassVar[dict[bytes, str]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        """Replace the empty folder `path` with that link."""
        assert self.filename is not None
        digest = hashlib.sha256(Path(self.filename).read_bytes()).digest()
        with self._lock:
            if digest not in self._folders:
                folder = tempfile.mkdtemp(prefix="lambda-code-")
                super().extractall(folder)
                self._folders[digest] = folder
        os.rmdir(path)
        os.symlink(self._folders[digest], path)
