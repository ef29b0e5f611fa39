"""Compiling: with and without a place for the cache, and raw memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numba.core import caching

import brayns_widget
from brayns_widget.service.renderer.tracing.kernels.native import kernel, load_float32, load_uint32, take_number
from brayns_widget.service.renderer.tracing.tracer import warm_up


def read(numbers, floats, place):
    return load_uint32(numbers.ctypes.data, place) + load_float32(floats.ctypes.data, place)


def count(counter, times):
    total = 0
    for _ in range(times):
        total += take_number(counter.ctypes.data)
    return total


@pytest.fixture
def nowhere(monkeypatch):
    """No folder that Numba could cache in."""
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])


def test_kernels_work_where_nothing_can_be_cached(nowhere):
    compiled = kernel(read)
    assert compiled(np.array([1, 4_000_000_000], np.uint32), np.array([0, 0.5], np.float32), 1) == 4_000_000_000.5


def test_numbers_are_taken_once_each(nowhere):
    compiled = kernel(count)
    counter = np.zeros(1, np.int64)
    compiled(counter, 0)
    sums: list[int] = []
    threads = [threading.Thread(target=lambda: sums.append(compiled(counter, 100_000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert counter[0] == 400_000
    assert sum(sums) == 400_000 * 399_999 // 2


def test_warm_up_may_be_called_by_many_threads_at_once():
    failures: list[BaseException] = []

    def call():
        try:
            warm_up()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert not failures


def test_a_second_process_finds_the_compiled_kernel(tmp_path):
    code = (
        "from brayns_widget.service.renderer.tracing import tracer\n"
        "from brayns_widget.service.renderer.tracing.kernels import surfaces\n"
        "tracer.warm_up()\n"
        "print(sum(surfaces.trace.stats.cache_hits.values()), sum(surfaces.trace.stats.cache_misses.values()))\n"
        "print(surfaces.trace.__qualname__)\n"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    answers = [
        subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=100, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert [answer[:2] for answer in answers] == [["0", "1"], ["1", "0"]]
    assert sum(answers[0][2] in file.name for file in tmp_path.rglob("*.nbi")) == 1


def test_a_damaged_cache_is_no_obstacle(tmp_path):
    """Kernels and the clipping filter are compiled again and kept anew."""
    code = (
        "from brayns_widget.service.renderer.tracing import tracer\n"
        "from brayns_widget.service.renderer.tracing.kernels import clip, surfaces\n"
        "tracer.warm_up()\n"
        "clip.filter_address()\n"
        "print(sum(surfaces.trace.stats.cache_hits.values()), clip._compiled()._cache_hits)\n"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    hits, messages = [], []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=200, check=True
        )
        hits.append(done.stdout.strip())
        messages.append(done.stderr)
        if len(hits) == 1:
            for file in tmp_path.rglob("*.nbi"):
                file.write_bytes(file.read_bytes()[:20])
    assert hits == ["0 0", "0 0", "1 1"]
    assert "A compiled kernel cannot be read from" in messages[1]
    assert not messages[2]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for files")
def test_a_full_disk_is_no_obstacle(tmp_path):
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from brayns_widget.service.renderer.tracing.kernels import clip\n"
        "print(clip.filter_address() != 0)\n"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=200, check=True
    )
    assert done.stdout.strip() == "True"
    assert "A compiled kernel cannot be kept in" in done.stderr


def test_a_change_in_any_part_of_a_kernel_gives_it_another_name_in_the_cache(tmp_path):
    package = Path(brayns_widget.__file__).parent
    shutil.copytree(package, tmp_path / "brayns_widget", ignore=shutil.ignore_patterns("__pycache__", "static"))
    names = []
    for part in ("tracing/kernels/surfaces.py", "tracing/materials.py", "content/volumes.py", None):
        code = "from brayns_widget.service.renderer.tracing.kernels import paths; print(paths.trace_paths.__qualname__)"
        names.append(subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True, timeout=100))
        if part is not None:
            with (tmp_path / "brayns_widget" / "service" / "renderer" / part).open("a") as file:
                file.write("# changed\n")
    assert len(set(names)) == 4
