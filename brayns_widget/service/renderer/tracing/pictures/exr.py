"""OpenEXR files: pictures of linear light, depths and normals, without loss."""

from __future__ import annotations

import io
from collections.abc import Mapping

from brayns_widget.service.renderer.content.geometry import Floats


def encode_exr(images: Mapping[str, Floats], texts: Mapping[str, str] | None = None) -> bytes:
    """Encode images of one size, 32-bit floating point, uncompressed as the real renderer's: ZIP takes seconds.

    Args:
        images: by name: float32 (height, width, 4) as R, G, B, A, (height, width, 3) as R, G, B, or (height, width) as
            R. One image makes a file of one part, several make one with a part each.
        texts: attributes of the (first) part.
    """
    import OpenEXR  # here, since most renderers never need it

    parts: list[OpenEXR.Part] = []
    for name, image in images.items():
        header = {"compression": OpenEXR.NO_COMPRESSION, "type": OpenEXR.scanlineimage}
        if not parts:
            header |= dict(texts or {})
        channels = "R" if image.ndim == 2 else "RGBA"[: image.shape[2]]
        parts.append(OpenEXR.Part(header, {channels: image}, name))
    buffer = io.BytesIO()
    with OpenEXR.File(parts) as file:
        file.write(buffer)
    return buffer.getvalue()
