"""Types of the custom messages between the kernel and a page.

``contract`` generates the front end's types from them. Every message has its ``view``, an id made by the page. Cameras,
acknowledgements and frames can also go over the page's own socket; their types are in ``frames.messages``.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

from annotated_types import MaxLen

from brayns_widget.connection.tokens import Token
from brayns_widget.frames.messages import AckMessage, CameraMessage, Finite, FrameMessage, IdsMessage, read_as
from brayns_widget.notebook.stills import Output

MAX_NAME = 64
"""Maximum length of a view's name."""

MAX_ORIGIN = 512
"""Maximum length of a page's origin."""

# ---------------------------------------------------------------------- page to kernel


@dataclass(frozen=True, slots=True)
class ReadyMessage:
    """A view is on the page; it gets the newest frame. Sizes are in CSS pixels of ``dpr`` device pixels each.

    ``origin`` is the page's scheme, host and port, if it can open a socket through its Jupyter server, else "".
    ``loopback``: the page reaches its Jupyter server over the loopback interface.
    """

    view: str
    width: Finite
    height: Finite
    dpr: Finite
    origin: Annotated[str, MaxLen(MAX_ORIGIN)]
    loopback: bool


@dataclass(frozen=True, slots=True)
class ResizeMessage:
    """The view's canvas has another size."""

    view: str
    width: Finite
    height: Finite
    dpr: Finite


@dataclass(frozen=True, slots=True)
class VisibleMessage:
    """The view scrolled in or out; while it is hidden it gets no frames.

    A view without a socket repeats it while its page can be seen, so that its scene does not sleep.
    """

    view: str
    visible: bool


@dataclass(frozen=True, slots=True)
class NoSocketMessage:
    """The view's socket could not be opened; ``reason`` is for people."""

    view: str
    reason: Annotated[str, MaxLen(MAX_ORIGIN)]


@dataclass(frozen=True, slots=True)
class GoneMessage:
    """The view was removed."""

    view: str


@dataclass(frozen=True, slots=True)
class CallMessage:
    """A call of a capability that is offered to pages; a ``ReplyMessage`` answers it."""

    view: str
    id: int
    method: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PingMessage:
    """The page asks whether the kernel answers; a ``PongMessage`` does."""

    view: str


PageMessage: TypeAlias = (
    ReadyMessage
    | ResizeMessage
    | VisibleMessage
    | CameraMessage
    | AckMessage
    | NoSocketMessage
    | GoneMessage
    | CallMessage
    | PingMessage
)
PAGE_MESSAGES: Mapping[str, type[PageMessage]] = {
    "ready": ReadyMessage,
    "resize": ResizeMessage,
    "visible": VisibleMessage,
    "camera": CameraMessage,
    "ack": AckMessage,
    "no-socket": NoSocketMessage,
    "gone": GoneMessage,
    "call": CallMessage,
    "ping": PingMessage,
}

# ---------------------------------------------------------------------- kernel to page


@dataclass(frozen=True, slots=True)
class WelcomeMessage:
    """The answer to ``ReadyMessage``; ``binder`` tells whether the kernel runs on Binder."""

    view: str
    binder: bool


@dataclass(frozen=True, slots=True)
class SocketMessage:
    """The view may open a socket to ``port`` of the kernel's machine; ``ticket`` admits it once, within a minute."""

    view: str
    port: int
    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MakerMessage:
    """Whether what makes the frames is ``silent``: it does not answer, or is gone and another one is on its way."""

    view: str
    silent: bool


@dataclass(frozen=True, slots=True)
class LateMessage:
    """Whether what is wanted has not been drawn for a while."""

    view: str
    late: bool


@dataclass(frozen=True, slots=True)
class ErrorData:
    """An error for a page; of a query, with the place of the mistake in it as a JSON pointer."""

    type: str
    message: str
    hint: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class ReplyMessage:
    """The answer to a ``CallMessage``: its result, or the error that it ended with."""

    view: str
    id: int
    result: Any = None
    error: ErrorData | None = None


@dataclass(frozen=True, slots=True)
class PongMessage:
    """The answer to a ``PingMessage``, from the loop thread: a cell that runs does not delay it."""

    view: str


@dataclass(frozen=True, slots=True)
class StillMessage:
    """Outputs for each page's notebook, to stand after the output that shows the widget ``model``."""

    view: str
    model: str
    outputs: Sequence[Output]


KernelMessage: TypeAlias = (
    WelcomeMessage
    | SocketMessage
    | MakerMessage
    | LateMessage
    | FrameMessage
    | IdsMessage
    | ReplyMessage
    | PongMessage
    | StillMessage
)
KERNEL_MESSAGES: Mapping[str, type[KernelMessage]] = {
    "welcome": WelcomeMessage,
    "socket": SocketMessage,
    "maker": MakerMessage,
    "late": LateMessage,
    "frame": FrameMessage,
    "ids": IdsMessage,
    "reply": ReplyMessage,
    "pong": PongMessage,
    "still": StillMessage,
}


def hide_token(content: Any) -> None:
    """Put a token in a message of a page in a box that does not show it, before anything can show the message."""
    params = content.get("params") if isinstance(content, Mapping) else None
    if isinstance(params, MutableMapping) and isinstance(params.get("token"), str):
        params["token"] = Token(params["token"])


def read_page_message(content: Any) -> PageMessage:
    """Decode a custom message of a page.

    Raises:
        ValueError: the message is malformed.
    """
    kind = content.get("kind") if isinstance(content, Mapping) else None
    if not isinstance(kind, str) or kind not in PAGE_MESSAGES:
        raise ValueError(f"there is no message of the kind {kind!r:.80}")
    message: PageMessage = read_as(PAGE_MESSAGES[kind], content)
    if not 0 < len(message.view) <= MAX_NAME:
        raise ValueError(f"{message.view!r:.80} is not a name of a view")
    return message


def kernel_message(message: KernelMessage) -> dict[str, Any]:
    """Encode a custom message for a page as JSON."""
    kind = next(kind for kind, made in KERNEL_MESSAGES.items() if isinstance(message, made))
    fields = {name: getattr(message, name) for name in message.__slots__}
    if isinstance(message, ReplyMessage):
        # A result may be null, so the page checks for an error.
        del fields["error" if message.error is None else "result"]
        if message.error is not None:
            fields["error"] = {name: getattr(message.error, name) for name in ErrorData.__slots__}
    if isinstance(message, StillMessage):
        fields["outputs"] = [{"data": dict(one.data), "metadata": dict(one.metadata)} for one in message.outputs]
    return {"kind": kind, **fields}
