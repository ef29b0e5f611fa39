"""Files that clients upload: at a path there is either all of a file or what was there before."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from pathlib import Path

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend.base import BaseDirectory, kind_of

MAX_SIZE = 45 << 20  # bytes of a file, which is held three times: as message, text and bytes


def decoded(content: str, *, base64_encoded: bool) -> bytes:
    """Decode what a client sent.

    Raises:
        RequestError: -32602, it is no base64, no text, or too large.
    """
    most = MAX_SIZE * 3 // 2 if base64_encoded else MAX_SIZE  # characters, with the ends of some lines
    try:
        data = b"" if len(content) > most else _bytes(content, base64_encoded=base64_encoded)
    except ValueError as error:  # of both codecs
        what = "is not base64" if base64_encoded else "is no text"
        raise RequestError(f"content {what}: {error}", code=INVALID_PARAMS) from error
    if len(content) > most or len(data) > MAX_SIZE:
        raise RequestError(f"content has more than {MAX_SIZE >> 20} MiB", code=INVALID_PARAMS)
    return data


def _bytes(content: str, *, base64_encoded: bool) -> bytes:
    if not base64_encoded:
        return content.encode()
    return base64.b64decode("".join(content.split()), validate=True)  # some encoders break lines


def write(base: BaseDirectory, path: str, data: bytes) -> None:
    """Write a file in an existing directory; one that is there is replaced and keeps its permissions.

    Raises:
        RequestError: -32602, the path leads out of the base directory; -32603, it cannot be written.
    """
    target = base.resolve(path)
    try:
        _replace(target, data)
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error


def _replace(target: Path, data: bytes) -> None:
    kind = kind_of(target)
    if kind != "file" and (kind or target.exists()):
        raise IsADirectoryError(0, "it is a directory" if kind else "it is not a regular file")
    if kind and not os.access(target, os.W_OK):  # a replacement would need no permission of the file
        raise PermissionError(0, "Permission denied")
    part = target.with_name(f".upload-{secrets.token_hex(8)}")
    file = part.open("xb")
    try:
        with file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if kind:
            part.chmod(stat.S_IMODE(target.stat().st_mode))
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _refused(path: str, why: str) -> RequestError:
    return RequestError(f"{path!r} cannot be written: {why}", code=INTERNAL_ERROR)
