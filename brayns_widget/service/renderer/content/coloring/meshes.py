"""Colors of meshes: by triangle or by vertex."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.content.coloring.base import (
    Colors,
    Elements,
    Values,
    check_values,
    parse_rows,
    unknown_method,
)


class MeshColoring:
    """Colors of a mesh whose slots are its triangles.

    Where the corners of triangles have colors of their own, these blend across the triangles.

    Args:
        triangles: (T, 3) indices of corners.
        vertex_count: how many corners there are.
        triangle_colors: (T, 4) the triangles' colors at first.
        vertex_colors: (V, 4) the corners' colors at first, in place of the triangles'; None: they have none.
    """

    def __init__(
        self,
        triangles: npt.NDArray[np.uint32],
        vertex_count: int,
        triangle_colors: Colors,
        vertex_colors: Colors | None = None,
    ) -> None:
        self._triangles = triangles
        self._vertex_count = vertex_count
        self._of_triangles = triangle_colors
        self._of_corners: Colors | None = None if vertex_colors is None else vertex_colors[triangles]  # (T, 3, 4)

    @property
    def colors(self) -> Colors:
        """The color of each triangle, or with ``by_corner`` of each corner of each."""
        return self._of_triangles if self._of_corners is None else self._of_corners.reshape(-1, 4)

    @property
    def by_corner(self) -> bool:
        """Whether there are three colors for each triangle."""
        return self._of_corners is not None

    def methods(self) -> list[str]:
        """Name the ways to color."""
        return ["solid", "triangle", "vertex"]

    def values(self, method: str) -> list[str]:
        """Name the keys of a method: ranges of numbers, from 0."""
        match method:
            case "solid":
                return ["color"]
            case "triangle":
                return [f"0-{len(self._triangles) - 1}"]
            case "vertex":
                return [f"0-{self._vertex_count - 1}"]
        raise unknown_method(self, method)

    def color(self, method: str, values: Values) -> Colors:
        """Color by a method.

        Raises:
            RequestError: -32602 for an unknown method, no values, or numbers that no triangle or corner has; -32603 for
                keys that are no numbers.
        """
        check_values(method, values)
        match method:
            case "solid":
                self._of_triangles = np.tile(np.array(values["color"], np.float32), (len(self._triangles), 1))
                self._of_corners = None
            case "triangle":
                given, changed = _rows(len(self._triangles), values)
                if self._of_corners is None:
                    self._of_triangles = np.where(changed[:, None], given, self._of_triangles)
                else:
                    self._of_corners = np.where(changed[:, None, None], given[:, None], self._of_corners)
            case "vertex":
                given, changed = _rows(self._vertex_count, values)
                corners = self._of_triangles[:, None] if self._of_corners is None else self._of_corners
                self._of_corners = np.where(changed[self._triangles][..., None], given[self._triangles], corners)
            case _:
                raise unknown_method(self, method)
        return self.colors

    def elements(self, slots: npt.NDArray[np.int32]) -> Elements:
        """Tell what slots (N,) show of cells: nothing."""
        return Elements.none(len(slots))


def _rows(count: int, values: Values) -> tuple[Colors, npt.NDArray[np.bool_]]:
    """Read colors (count, 4), and which rows keys name."""
    colors, changed = np.zeros((count, 4), np.float32), np.zeros(count, np.bool_)
    for key, color in values.items():
        for rows in parse_rows(key, count):
            colors[rows] = color
            changed[rows] = True
    return colors, changed
