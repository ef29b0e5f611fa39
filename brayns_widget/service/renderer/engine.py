"""Engine: traces the scene and hands out pictures (names and arguments stand, bodies follow)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.scene import Scene
from brayns_widget.service.renderer.settings import (
    FULL_REGION,
    Interactive,
    Progressive,
    Projection,
    Region,
    Static,
    View,
)


def warm_up() -> None:
    """Compile (or load from the cache) everything that the first picture needs; safe to call from any thread."""
    raise NotImplementedError


class Engine:
    """The ray tracer: one scene, one interactive picture that accumulates, and snapshots beside it."""

    scene: Scene

    def __init__(self, threads: int | None = None) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def set_viewport(self, width: int, height: int) -> None:
        raise NotImplementedError

    def set_camera(
        self, view: View, projection: Projection, near_clip: float = 1e-6, region: Region = FULL_REGION
    ) -> None:
        raise NotImplementedError

    def set_renderer(self, renderer: Interactive) -> None:
        raise NotImplementedError

    def set_framebuffer(self, framebuffer: Static | Progressive) -> None:
        raise NotImplementedError

    def render(self) -> bool:
        """Trace one accumulation step; False if there was nothing left to do."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """From any thread: give the running ``render`` up within about 20 ms."""
        raise NotImplementedError

    @property
    def accumulation(self) -> int:
        raise NotImplementedError

    @property
    def max_accumulation(self) -> int:
        raise NotImplementedError

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the newest frame."""
        raise NotImplementedError

    def encode(self, image_format: str = "jpg", quality: int = 100) -> bytes:
        raise NotImplementedError

    def snapshot(
        self,
        size: tuple[int, int],
        view: View,
        projection: Projection,
        *,
        near_clip: float = 1e-6,
        region: Region = FULL_REGION,
        renderer: Interactive | None = None,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> NDArray[np.uint8]:
        raise NotImplementedError
