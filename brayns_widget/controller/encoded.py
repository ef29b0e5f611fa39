"""Encoded files that the renderer made: notebooks show them, and users save them or read them with Pillow and NumPy."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import PIL.Image

SHOWN_MAX = 200_000
"""Maximum size, in bytes, of a picture that becomes part of a notebook."""

_MIMES = {"png": "image/png", "jpg": "image/jpeg"}
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
        file = expanded(path)
        draft = file.with_name(f".{file.name}.part")
        try:
            draft.write_bytes(self.data)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)


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


def expanded(path: str | Path) -> Path:
    """Return a path with "~" replaced by the home directory."""
    return Path(path).expanduser()
