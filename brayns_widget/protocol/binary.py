"""Binary messages of Brayns' WebSocket protocol.

A binary message is the byte length of a JSON text as an unsigned 32-bit little-endian integer, the JSON text
in UTF-8, then raw payload bytes up to the end of the message. Renderer and backend share the format.
"""

from __future__ import annotations

import struct

from brayns_widget.protocol.errors import ProtocolError

_LENGTH = struct.Struct("<I")


def pack(text: str, payload: bytes | memoryview) -> bytes:
    """Join a JSON text and its payload into one binary message."""
    data = text.encode()
    return b"".join((_LENGTH.pack(len(data)), data, payload))


def unpack(data: bytes) -> tuple[str, memoryview]:
    """Split a binary message into its JSON text and a view (no copy) of its payload.

    Raises:
        ProtocolError: the message is shorter than it says, or its text is not UTF-8.
    """
    if len(data) < _LENGTH.size:
        raise ProtocolError(f"Binary message of {len(data)} bytes has no length prefix.")
    (size,) = _LENGTH.unpack_from(data)
    end = _LENGTH.size + size
    if end > len(data):
        raise ProtocolError(f"Binary message announces {size} bytes of JSON but has {len(data) - _LENGTH.size}.")
    try:
        text = data[_LENGTH.size : end].decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(f"Binary message holds JSON that is not UTF-8: {error}.") from error
    return text, memoryview(data)[end:]
