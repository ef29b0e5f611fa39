"""What runs in the processes of ``reader``, which imports this; so readers of circuits are imported in functions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pickle import PickleBuffer
from typing import TYPE_CHECKING, Any

from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.available_memory import limit_data
from brayns_widget.service.backend.base import BaseDirectory
from brayns_widget.service.confined import confined

if TYPE_CHECKING:
    from brayns_widget.service.backend.frames import Frames
    from brayns_widget.service.rpc.running import RunningRequest

_lasting = contextlib.ExitStack()
_open: list[Frames] = []  # the report that this process has opened, if any


def prepare(base: str, memory: int) -> None:
    """Prepare the process: it reads files in the base directory only, and takes so many bytes beside what it has."""
    import libsonata._libsonata

    from brayns_widget.service.hdf5 import without_links

    limit_data(memory)
    without_links(libsonata._libsonata)  # noqa: SLF001 - it holds HDF5
    _lasting.enter_context(confined(base))


def answer(request: RunningRequest, question: str, base: str, path: str, params: dict[str, Any]) -> tuple[Any, Any]:
    """Answer one of ``circuits.QUESTIONS``; returns the result, and the bytes that belong to it.

    Raises:
        RequestError: the configuration, or what it names, cannot be used.
    """
    from brayns_widget.service.backend.circuits import QUESTIONS, Config

    del request
    with told(path):
        result = QUESTIONS[question](Config(BaseDirectory(base), path), **params)
    found, payload = result if isinstance(result, tuple) else (result, b"")
    return found, PickleBuffer(payload)  # large ones go in shared memory


def open_report(request: RunningRequest, base: str, path: str, params: dict[str, Any]) -> tuple[()]:
    """Open a report, for ``read_frame``; see ``frames.Frames``."""
    from brayns_widget.service.backend.circuits import Config
    from brayns_widget.service.backend.frames import Frames

    del request
    with told(path):
        _open.append(Frames(Config(BaseDirectory(base), path), **params))
    return ()


def read_frame(request: RunningRequest, path: str, number: int, low: float, high: float) -> tuple[Any]:
    """Read a frame of the open report; see ``frames.Frames.read``."""
    del request
    with told(path):
        return (PickleBuffer(_open[0].read(number, low, high)),)


@contextlib.contextmanager
def told(path: str) -> Iterator[None]:
    """Turn the errors of libraries, and a lack of memory, into one that names the configuration."""
    from brayns_widget.service.sonata.problems import UNREADABLE, words

    try:
        yield
    except UNREADABLE as error:
        raise RequestError(f"{path!r} cannot be read: {words(error)}", code=INTERNAL_ERROR) from error
    except MemoryError as error:
        problem = f"{path!r} cannot be read: there is not enough memory for what it has"
        raise RequestError(problem, code=INTERNAL_ERROR) from error
