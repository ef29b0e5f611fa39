"""How large an answer of the backend may be; larger ones are refused by the server and come in parts to the client."""

from __future__ import annotations

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError

MAX_ANSWER = 48 << 20
"""Bytes of values, ids and texts in one answer.

Each of them is held several times at once: as arrays, as a message, and as what a client makes of it, which is larger
for texts. Nothing else comes over the link meanwhile.
"""

VALUE = 8
"""Bytes of a number or an id; a text counts as many: half for its index, half for its share of the different texts."""

_LIMIT = "max_answer"


def check_answer(size: int, advice: str) -> None:
    """Check the size of an answer.

    Args:
        size: bytes.
        advice: what to do if it is too large.

    Raises:
        RequestError: -32602, it is; see ``is_too_large``.
    """
    if size > MAX_ANSWER:
        raise RequestError(
            f"That is more than {MAX_ANSWER >> 20} MiB; {advice}", code=INVALID_PARAMS, data={_LIMIT: MAX_ANSWER}
        )


def is_too_large(error: RequestError) -> bool:
    """Whether the backend has refused an answer because of its size, so that less may be asked for."""
    return isinstance(error.data, dict) and _LIMIT in error.data
