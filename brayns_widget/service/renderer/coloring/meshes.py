"""What meshes can be coloured by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.coloring.base import Colors, Values, check_values, parse_rows, unknown_method


class MeshColoring:
    """Colours of a mesh whose slots are its triangles.

    A triangle has one colour: where its corners differ, their mean.

    Args:
        triangles: (T, 3) indices of corners.
        vertex_colors: (V, 4) the corners' colours at first.
        triangle_colors: (T, 4) the triangles' colours at first.
    """

    def __init__(self, triangles: npt.NDArray[np.uint32], vertex_colors: Colors, triangle_colors: Colors) -> None:
        self._triangles = triangles
        self._of_vertices = vertex_colors
        self._of_triangles = triangle_colors

    @property
    def colors(self) -> Colors:
        """The colour of each triangle."""
        return self._of_triangles

    def methods(self) -> list[str]:
        """Name the ways to colour."""
        return ["solid", "triangle", "vertex"]

    def values(self, method: str) -> list[str]:
        """Name the keys of a method: ranges of numbers, from 0."""
        match method:
            case "solid":
                return ["color"]
            case "triangle":
                return [f"0-{len(self._of_triangles) - 1}"]
            case "vertex":
                return [f"0-{len(self._of_vertices) - 1}"]
        raise unknown_method(self, method)

    def color(self, method: str, values: Values) -> Colors:
        """Colour by a method.

        Raises:
            RequestError: -32602 for an unknown method, no values, or numbers that no triangle or corner has; -32603 for
                keys that are no numbers.
        """
        check_values(method, values)
        triangles, vertices = self._of_triangles.copy(), self._of_vertices.copy()  # all or nothing
        match method:
            case "solid":
                triangles[:] = vertices[:] = values["color"]
            case "triangle":
                _fill(triangles, values)
            case "vertex":
                changed = _fill(vertices, values)[self._triangles].any(axis=1)
                triangles[changed] = vertices[self._triangles[changed]].mean(axis=1)
            case _:
                raise unknown_method(self, method)
        self._of_triangles, self._of_vertices = triangles, vertices
        return triangles


def _fill(colors: Colors, values: Values) -> npt.NDArray[np.bool_]:
    """Set the rows that the keys name, and tell which."""
    changed = np.zeros(len(colors), np.bool_)
    for key, color in values.items():
        for rows in parse_rows(key, len(colors)):
            colors[rows] = color
            changed[rows] = True
    return changed
