"""Small copies of image files, as data of the page. Each is there once, however often it is shown."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from iu_tuner.vision.drawing.picture import PictureError, jpeg_data, open_picture

MAX_SIDE = 640  # pixels
MAX_THUMBNAILS = 60  # of about 60 kB each
QUALITY = 80


class Thumbnails:
    """The thumbnails of a page, by key of the image."""

    def __init__(self, folder: Path | None) -> None:
        self._files = _by_name(folder) if folder else {}
        self._folder = folder
        self._made: dict[str, tuple[str, str]] = {}
        self.notes: list[str] = []

    def id_of(self, key: str) -> str | None:
        """The id of the image's symbol; None if there is no file, it can't be read, or there are enough on the page."""
        if key in self._made:
            return self._made[key][0]
        path = self._find(key)
        if path is None or len(self._made) >= MAX_THUMBNAILS:
            return None
        try:
            data = jpeg_data(open_picture(path, max_side=MAX_SIDE).image, QUALITY)
        except PictureError as error:
            self._files[PurePosixPath(key).name] = None
            self.notes.append(f"{path.name} can't be shown: {error}")
            return None
        self._made[key] = (f"image{len(self._made)}", data)
        return self._made[key][0]

    def symbols(self) -> str:
        """The images as SVG symbols, which the pictures of the page use."""
        if not self._made:
            return ""
        symbols = "".join(
            f'<symbol id="{id_}" viewBox="0 0 1 1" preserveAspectRatio="none">'
            f'<image width="1" height="1" preserveAspectRatio="none" href="data:image/jpeg;base64,{data}"/></symbol>'
            for id_, data in self._made.values()
        )
        return f'<svg class="defs" aria-hidden="true">{symbols}</svg>'

    def _find(self, key: str) -> Path | None:
        if self._folder is None:
            return None
        whole_path = self._folder / key
        is_inside = whole_path.resolve().is_relative_to(self._folder.resolve())
        return whole_path if is_inside and whole_path.is_file() else self._files.get(PurePosixPath(key).name)


def _by_name(folder: Path) -> dict[str, Path | None]:
    """The file of each name; None for a name that two files have."""
    file_by_name: dict[str, Path | None] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            file_by_name[path.name] = None if path.name in file_by_name else path
    return file_by_name
