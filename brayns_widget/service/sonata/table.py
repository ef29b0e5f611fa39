"""Populations of nodes and edges, read with h5py: several groups, types in CSV, all that HDF5 can store.

Format: SONATA developer guide, tables 1 and 2: each element is a row of one of the groups, and has a type. An element's
own attribute goes before that of its type.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from brayns_widget.service.sonata.problems import failure, reading
from brayns_widget.service.sonata.types import Types

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
LIBRARY, DYNAMICS = "@library", "dynamics_params"
_AXES = ("x", "y", "z")
POSITIONS = "positions"  # these three in one dataset (N, 3), as BMTK wrote once


class Table:
    """A population of nodes or edges.

    Args:
        file: an HDF5 file of nodes or edges.
        kind: "node" or "edge".
        name: of the population.
        types: their types, or None.

    Attributes:
        file: the same.
        size: number of its elements.
        attribute_names: those that can be read.
        dynamics_names: likewise, of ``dynamics_params``.
        unreadable: attributes that cannot be read, and why.
        notices: what else is odd about it, in sentences.

    Raises:
        RequestError: the file has no such population, or it cannot be read.
    """

    def __init__(self, file: Path, kind: str, name: str, types: Types | None) -> None:
        self.name = name
        self.notices: list[str] = []
        self.unreadable: dict[str, str] = {}
        self.file, self._kind, self._types = file, kind, types
        with self._group() as group:
            self._index(group)
            self._own = self._names(group, "")
            self.dynamics_names = frozenset(self._names(group, DYNAMICS))
        shared = types.columns if types else ()
        self.attribute_names = frozenset({*self._own, *shared} - {DYNAMICS})
        if types and (missing := types.missing(self._type_ids)):
            self.notices.append(f"{kind} types {_listed(missing)} are not in the table of types")

    @contextlib.contextmanager
    def _group(self) -> Iterator[Any]:
        """Open the population's group; errors of h5py become one that names the file."""
        what = "Population" if self._kind == "node" else "Edge population"
        with reading(f"{what} {self.name} of {self.file}"), h5py.File(self.file, "r") as file:
            group = file.get(f"{self._kind}s/{self.name}")
            if not isinstance(group, h5py.Group):
                raise KeyError(f"the file has no group {self._kind}s/{self.name}")
            yield group

    def _index(self, group: Any) -> None:
        """Read where the attributes of each element are."""
        kind = self._kind
        present = {name: np.asarray(group[name]) for name in self._indices() if name in group}
        self._groups = sorted(
            (name for name in group if name.isdigit() and isinstance(group[name], h5py.Group)), key=int
        )
        sizes = [len(values) for values in present.values()]
        if not sizes and kind == "edge":
            sizes = [len(group["source_node_id"])]
        if not sizes:
            sizes = [
                len(item) for name in self._groups for item in group[name].values() if isinstance(item, h5py.Dataset)
            ]
        self.size = sizes[0] if sizes else 0
        for name, values in present.items():
            if values.ndim != 1 or len(values) != self.size:
                raise ValueError(f"{name} has the shape {values.shape}, but there are {self.size} {kind}s")
        first = int(self._groups[0]) if self._groups else 0
        self._type_ids: Ints = present.get(f"{kind}_type_id", np.full(self.size, -1)).astype(np.int64)
        self._group_ids: Ints = present.get(f"{kind}_group_id", np.full(self.size, first)).astype(np.int64)
        self._rows: Ints = present.get(f"{kind}_group_index", np.arange(self.size)).astype(np.int64)
        if self.size and self._rows.min() < 0:
            raise ValueError(f"{kind}_group_index has {self._rows.min()}")
        if kind == "node":
            self._number(present.get("node_id"))

    def _indices(self) -> Iterator[str]:
        yield from (f"{self._kind}_{name}" for name in ("type_id", "id", "group_id", "group_index"))

    def _number(self, ids: Array | None) -> None:
        """Put nodes into the order of their ids."""
        if ids is None or np.array_equal(ids, np.arange(self.size)):
            return
        order = np.argsort(ids, kind="stable")
        if not np.array_equal(ids[order], np.arange(self.size)):
            self.notices.append(f"the ids of its nodes are not 0 to {self.size - 1}: they are counted instead")
            return
        self._type_ids, self._group_ids, self._rows = self._type_ids[order], self._group_ids[order], self._rows[order]

    def _names(self, group: Any, inner: str) -> list[str]:
        """Find the attributes that can be read; keep why others cannot."""
        found: dict[str, None] = {}
        for number in self._groups:
            attributes = group[number].get(inner) if inner else group[number]
            if not isinstance(attributes, h5py.Group):
                continue
            rows = self._rows[self._group_ids == int(number)]
            needed = int(rows.max(initial=-1)) + 1
            for name, item in attributes.items():
                if name in (LIBRARY, DYNAMICS) or not isinstance(item, h5py.Dataset):
                    continue
                if problem := _problem(name, item, needed):
                    self.unreadable[name] = problem
                else:
                    found.update(dict.fromkeys(_AXES if name == POSITIONS and not inner else (name,)))
        return [name for name in found if name not in self.unreadable]

    def attribute(self, name: str, ids: Ints | None = None, *, missing: float = np.nan) -> Array:
        """Read an attribute.

        Args:
            name: of the attribute.
            ids: (N,) of the elements; None: all.
            missing: the number of an element that has none, neither itself nor by its type; texts are "" then.

        Returns:
            (N,) numbers, or texts as objects.

        Raises:
            RequestError: there is none of this name, or it cannot be read.
        """
        if name not in self.attribute_names:
            why = self.unreadable.get(name, "there is none of this name")
            raise failure(f"Attribute {name!r} of population {self.name} in {self.file} cannot be read: {why}")
        return self._column(name, "", ids, missing)

    def dynamics(self, name: str, ids: Ints | None = None) -> Array:
        """Read one of ``dynamics_params``; see ``attribute``."""
        if name not in self.dynamics_names:
            raise failure(f"Population {self.name} in {self.file} has no dynamics parameter {name!r}")
        return self._column(name, DYNAMICS, ids, np.nan)

    def library(self, name: str) -> tuple[list[str], Callable[[Ints | None], Array]] | None:
        """Return the texts that an attribute points to, and what reads the indices of elements; None: it has values."""
        if len(self._groups) != 1 or name not in self._own:
            return None
        place = f"{self._groups[0]}/{LIBRARY}/{name}"
        with self._group() as group:
            if place not in group:
                return None
            texts: list[str] = _values(group[place], None).tolist()

        def codes(ids: Ints | None) -> Array:
            with self._group() as group:
                values = np.asarray(group[f"{self._groups[0]}/{name}"], np.int64)
            return values[self._rows if ids is None else self._rows[ids]]

        return texts, codes

    def _column(self, name: str, inner: str, ids: Ints | None, missing: float) -> Array:
        """Read an attribute of all elements, so that its type is the same whichever are asked for."""
        parts: list[tuple[Array, Array]] = []  # which of the elements, and their values
        rest = np.ones(self.size, np.bool_)
        with self._group() as group:
            for number in self._groups:
                place = f"{number}/{inner}/{name}" if inner else f"{number}/{name}"
                positions = f"{number}/{POSITIONS}"
                if place in group:
                    values = _values(group[place], None if inner else group[number].get(f"{LIBRARY}/{name}"))
                elif name in _AXES and not inner and positions in group and POSITIONS not in self.unreadable:
                    values = _values(group[positions], None)[:, _AXES.index(name)]
                else:
                    continue
                inside = self._group_ids == int(number)
                parts.append((inside, values[self._rows[inside]]))
                rest &= ~inside
        if self._types and not inner and name in self._types.columns and (rest.any() or not parts):
            parts.append((rest, self._types.lookup(name, self._type_ids[rest], missing)))
            rest = np.zeros(self.size, np.bool_)
        found = _joined(parts, rest, missing)
        return found if ids is None else found[ids]


def _problem(name: str, item: Any, needed: int) -> str:
    """Tell why an attribute cannot be read; "" if it can."""
    shape = (len(_AXES),) if name == POSITIONS else ()
    if item.dtype.kind not in "fiubSO" or (item.dtype.kind == "O" and h5py.check_string_dtype(item.dtype) is None):
        return f"its type is {item.dtype}"
    if item.ndim != 1 + len(shape) or item.shape[1:] != shape:
        return f"its shape is {item.shape}"
    return f"it has {len(item)} values, but {needed} are needed" if len(item) < needed else ""


def _values(item: Any, library: Any) -> Array:
    """Read a dataset: numbers in this machine's order, texts as objects."""
    if library is not None:
        texts = _values(library, None)
        codes = np.asarray(item, np.int64)
        if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < len(texts):
            raise ValueError(f"{item.name} points beyond its library")
        found: Array = texts[codes]
        return found
    values = np.asarray(item)
    if values.dtype.kind in "SO":
        return np.array([_text(value) for value in values.tolist()], object)
    if values.dtype.kind == "b":
        return values.astype(np.int8)  # as the guide stores them
    if values.dtype == np.float16:
        return values.astype(np.float32)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _joined(parts: list[tuple[Array, Array]], rest: Array, missing: float) -> Array:
    """Put the values of several sources together; ``rest`` gets ``missing``, or "" among texts."""
    kinds = [values for _inside, values in parts]
    texts = any(values.dtype.kind == "O" for values in kinds)
    if texts:
        found: Array = np.full(len(rest), "", object)
    else:
        numbers = np.result_type(*kinds, *((np.float32,) if rest.any() else ()))
        found = np.full(len(rest), missing if numbers.kind == "f" else 0, numbers)
    for inside, values in parts:
        found[inside] = [str(value) for value in values.tolist()] if texts and values.dtype.kind != "O" else values
    return found


def _listed(numbers: list[int]) -> str:
    more = len(numbers) - 3
    return ", ".join(map(str, numbers[:3])) + (f" and {more} more" if more > 0 else "")
