"""Compilation: aside, once, and left by whoever has waited enough."""

from __future__ import annotations

import threading

import numba
import numpy as np
import pytest
from numba import types

from brayns_widget.service.renderer.tracing.compiling import Compilation


class Dispatcher:
    """Stands in for a kernel of Numba that takes as long to compile as the test likes."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.compiled: list[tuple[types.Type, ...]] = []
        self.fixed = False
        self.may_end = threading.Event()

    def compile(self, signature: tuple[types.Type, ...]) -> None:
        assert self.may_end.wait(20)
        if self.errors:
            raise self.errors.pop(0)
        self.compiled.append(signature)

    def disable_compile(self) -> None:
        self.fixed = True


def test_who_has_waited_enough_leaves_and_the_work_goes_on():
    kernel = Dispatcher()
    compilation = Compilation(kernel, (types.int64,))
    asked: list[bool] = []

    def proceed() -> bool:
        asked.append(compilation.ready)
        return len(asked) < 3

    assert not compilation.wait(proceed)
    assert asked == [False, False, False]
    early = compilation.ready
    kernel.may_end.set()
    compilation.start().result(20)
    assert [early, compilation.ready, kernel.fixed] == [False, True, True]
    assert compilation.wait(lambda: False)
    assert kernel.compiled == [(types.int64,)]


def test_it_is_done_once_for_all_that_wait():
    kernel = Dispatcher()
    compilation = Compilation(kernel, ())
    ends: list[bool] = []
    threads = [threading.Thread(target=lambda: ends.append(compilation.wait())) for _ in range(4)]
    for thread in threads:
        thread.start()
    kernel.may_end.set()
    for thread in threads:
        thread.join(20)
    assert ends == [True] * 4
    assert kernel.compiled == [()]


def test_a_failure_reaches_who_waits_and_is_tried_again(caplog: pytest.LogCaptureFixture):
    kernel = Dispatcher(MemoryError("none left"))
    kernel.may_end.set()
    compilation = Compilation(kernel, ())
    with pytest.raises(MemoryError, match="none left"):
        compilation.wait()
    assert not compilation.ready
    assert "A kernel cannot be compiled: none left" in caplog.text
    assert compilation.wait()
    assert compilation.ready


def test_other_arguments_are_refused_rather_than_compiled():
    kernel = numba.njit(lambda array: array[0])
    assert Compilation(kernel, (types.Array(types.float32, 1, "C"),)).wait()
    assert kernel(np.ones(1, np.float32)) == 1
    with pytest.raises(TypeError, match="No matching definition"):
        kernel(np.ones(1, np.float64))


def test_a_machine_without_a_thread_to_spare_says_so_and_hangs_nobody(monkeypatch: pytest.MonkeyPatch):
    kernel = Dispatcher()
    kernel.may_end.set()
    compilation = Compilation(kernel, ())

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError, match="new thread"):
            compilation.wait()
    assert compilation.wait()
