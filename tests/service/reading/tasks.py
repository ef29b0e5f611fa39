"""Tasks for the process that reads: some behave, some do what damaged files make libraries do."""

from __future__ import annotations

import logging
import os
import pickle
import re
import threading
from typing import Any

import numpy as np

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.confined import check_confined
from brayns_widget.service.reading import shared
from brayns_widget.service.rpc.running import RunningRequest

prepared = ""


def prepare(word: str) -> None:
    global prepared  # noqa: PLW0603 - what the process is to know
    prepared = word


def hang_at_once() -> None:
    """Prepare for years without releasing Python's lock."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def pid(request: RunningRequest) -> list[int]:
    del request
    return [os.getpid()]


def word(request: RunningRequest) -> list[str]:
    del request
    return [prepared]


def echo(request: RunningRequest, *values: Any) -> list[Any]:
    request.progress(0.25, "Repeating")
    logging.getLogger("echo").warning("%d values", len(values))
    return list(values)


def made(request: RunningRequest, count: int) -> list[Any]:
    """Arrays in memory that is shared from the start, and one that is not."""
    del request
    ones, twos = shared.empty(((count, 4), np.float32), ((count,), np.uint32))
    ones[:], twos[:] = 1, 2
    return [(ones[1:], twos), np.full(count, 3.0)]


def refuse(request: RunningRequest) -> list[Any]:
    del request
    raise RequestError("The file is odd", code=INVALID_PARAMS, data=["a", "b"])


def lack(request: RunningRequest) -> list[Any]:
    del request
    raise FileNotFoundError(2, "No such file", "/no/file")


class _Locked(Exception):
    def __init__(self) -> None:
        super().__init__("what cannot be pickled")
        self.held = threading.Lock()


class _Refusing(Exception):
    def __reduce__(self) -> Any:
        raise pickle.PicklingError


class _Located(Exception):
    def __init__(self, path: str, line: int) -> None:
        super().__init__(f"{path}, line {line}")


def fail_oddly(request: RunningRequest, way: str) -> list[Any]:
    """Raise what cannot be pickled, or does not come back from that."""
    del request

    class Local(Exception):
        pass

    errors = {
        "locked": _Locked(),
        "refusing": _Refusing("what refuses"),
        "local": Local("what nobody finds"),
        "located": _Located("/a/file", 7),
    }
    raise errors[way]


def crash(request: RunningRequest, path: str) -> list[Any]:
    del request
    check_confined(path)
    os.abort()


def hang(request: RunningRequest, path: str) -> list[Any]:
    """Compute for years without releasing Python's lock, as a library does that goes round in circles."""
    check_confined(path)
    request.progress(0.5, "Hanging")
    re.match(r"(a+)+$", "a" * 64 + "b")
    return []


def wait(request: RunningRequest) -> list[Any]:
    """Wait for a cancellation, as something of ours does."""
    request.progress(0.5, "Waiting")
    while True:
        threading.Event().wait(0.01)
        request.check()


def stall(request: RunningRequest) -> list[Any]:
    """Wait without progress, as for a lost disk."""
    del request
    threading.Event().wait()
    return []


def chat(request: RunningRequest) -> list[Any]:
    """Make progress for ever."""
    step = 0
    while True:
        threading.Event().wait(0.01)
        request.progress(0.5, f"Step {step}")
        step += 1
