"""Encoded files that the renderer made: notebooks show them, and users save them or read them with Pillow and NumPy."""

from __future__ import annotations

import base64
import errno
import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import PIL.Image

SHOWN_MAX = 200_000
"""Maximum size, in bytes, of a picture that becomes part of a notebook."""

_MIMES = {"png": "image/png", "jpg": "image/jpeg"}
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}  # Windows has no quotas of that kind
_QUALITIES = (90, 80, 70)
_SHRINKING = 0.75  # per axis, each time that the lowest quality was not enough


@dataclass(frozen=True, slots=True, repr=False)
class Encoded:
    """A file's bytes; ``bytes(file)`` returns them, too.

    Attributes:
        data: the bytes.
    """

    data: bytes

    def __bytes__(self) -> bytes:
        return self.data

    def save(self, path: str | Path) -> None:
        """Write the file as it is; one that cannot be written whole does not replace an older one.

        Raises:
            OSError: it cannot be written.
        """
        with _draft(_checked(path)) as (file, draft):
            draft.write_bytes(self.data)
            draft.replace(file)


@dataclass(frozen=True, slots=True, repr=False)
class Snapshot(Encoded):
    """A finished picture.

    As the last line of a cell it is shown; a notebook keeps at most 200 kB of it. ``numpy.asarray(snapshot)`` returns
    the pixels: height by width by channels, each 0 to 255.

    Attributes:
        format: "png" or "jpg".
        size: width and height in pixels.
    """

    format: str
    size: tuple[int, int]

    def __repr__(self) -> str:
        return f"<Snapshot: {self.size[0]}x{self.size[1]}, {self.format}, {len(self.data) / 1e3:.0f} kB>"

    def pil(self) -> PIL.Image.Image:
        """Decode it as an image of Pillow."""
        from PIL import Image

        image = Image.open(io.BytesIO(self.data))
        image.load()
        return image

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        import numpy as np

        if copy is False:
            raise ValueError("the pixels of an encoded picture cannot be had without a copy")
        return np.array(self.pil(), dtype=dtype)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 - IPython's
        mime, data = fitted(self.data, _MIMES[self.format])
        return {mime: base64.b64encode(data).decode("ascii"), "text/plain": repr(self)}


@dataclass(frozen=True, slots=True, repr=False)
class GBuffers(Encoded):
    """Channels of numbers as an OpenEXR file.

    Attributes:
        channels: names of the channels.
        size: width and height in pixels.
    """

    channels: tuple[str, ...]
    size: tuple[int, int]

    def __repr__(self) -> str:
        names = ", ".join(self.channels)
        return f"<GBuffers: {names}, {self.size[0]}x{self.size[1]}, OpenEXR, {len(self.data) / 1e3:.0f} kB>"


def fitted(data: bytes, mime: str, limit: int = SHOWN_MAX) -> tuple[str, bytes]:
    """Return the media type and the data of a picture with at most ``limit`` bytes.

    A larger one becomes a JPEG of lower quality and, if that is not enough, of fewer pixels. GitHub, nbviewer and
    nbconvert know PNG and JPEG, but not WebP.
    """
    if len(data) <= limit:
        return mime, data
    from PIL import Image

    image: Image.Image = Image.open(io.BytesIO(data)).convert("RGB")
    while True:
        for quality in _QUALITIES:
            written = io.BytesIO()
            image.save(written, "JPEG", quality=quality, optimize=True)
            if written.tell() <= limit:
                return "image/jpeg", written.getvalue()
        smaller = [max(round(side * _SHRINKING), 1) for side in image.size]
        image = image.resize((smaller[0], smaller[1]), Image.Resampling.LANCZOS)


def check_writable(path: str | Path) -> Path:
    """Return a file's path, with the home directory for ``~``, if a file can be written there; ask before long work.

    Raises:
        OSError: it cannot, such as FileNotFoundError if there is no directory for it.
    """
    file = _checked(path)
    with _draft(file) as (_, draft):
        draft.touch()
    return file


def _checked(path: str | Path) -> Path:
    """Return a file's path, with the home directory for ``~``, if a file may stand there.

    Raises:
        FileNotFoundError: there is no directory to write it to.
        IsADirectoryError: it is a directory itself.
        FileExistsError: it is a pipe, a device or the like, which must not be replaced.
    """
    file = Path(path).expanduser()
    if not file.parent.is_dir():
        raise FileNotFoundError(f"There is no directory {str(file.parent)!r} to write {file.name!r} to.")
    if file.is_dir():
        raise IsADirectoryError(f"{str(file)!r} is a directory, not a file to write to.")
    if file.exists() and not file.is_file():
        raise FileExistsError(f"{str(file)!r} is not a regular file, so it is not replaced; name another one.")
    return file


@contextmanager
def _draft(file: Path) -> Iterator[tuple[Path, Path]]:
    """Write a file beside its place first; errors name the file itself, and the draft goes in any case."""
    place = file.resolve()  # where a symbolic link leads
    draft = place.with_name(f".{secrets.token_hex(4)}.part")
    try:
        yield place, draft
    except OSError as error:
        full = error.errno in _FULL
        hint = "; free some space there, or save to another place" if full else ""
        raise OSError(error.errno, f"{error.strerror}{hint}", str(file)) from None
    finally:
        with suppress(OSError):  # a place where nothing can be written
            draft.unlink(missing_ok=True)
