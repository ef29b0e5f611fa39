"""HDF5 files of anybody: what they point to, and how much they claim to hold, is checked before it is read.

A file of HDF5 can name other files: by external links, as the storage of a dataset, as the source of a virtual one. All
of them must be where this process may read. A dataset whose values are not stored, or packed, can have any size in a
file of a few bytes; HDF5 makes room for all of it.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
from types import ModuleType
from typing import Any

from brayns_widget.service.confined import check_confined

LARGE = 1 << 26  # bytes of a dataset for which it matters what is stored
MOST_PACKED = 1100  # times that values become smaller: deflate's limit is 1032
_DEEPEST = 8  # groups within groups; ours have 3
_MOST = 100_000  # objects in a group
_EXTERNAL = 64  # H5L_TYPE_EXTERNAL


def check(item: Any) -> bool:
    """Check a group with all that is in it, or a dataset; returns whether some of it is in other files.

    Args:
        item: of h5py.

    Raises:
        RequestError: -32602, it leads out of the directory that this process is confined to.
        ValueError: it claims to hold more than it can.
    """
    import h5py  # here: whoever only calls `without_links` does without

    if not isinstance(item, h5py.Dataset | h5py.Group):
        return False
    _check_file_of(item.id)  # links may have led to it
    if isinstance(item, h5py.Dataset):
        return _check_dataset(item.id, item.name)
    return _Walk().group(item.id, item.name, 0)


class _Walk:
    def __init__(self) -> None:
        self._count = 0

    def group(self, group: Any, name: str, depth: int) -> bool:
        import h5py

        foreign = False
        file = _file_of(group)
        for key in group:
            self._count += 1
            if depth > _DEEPEST or self._count > _MOST:
                raise ValueError(f"{name} has too many groups or datasets in it")
            own = f"{name.rstrip('/')}/{key.decode('utf-8', 'replace')}"
            link = group.links.get_info(key).type
            if link == h5py.h5l.TYPE_EXTERNAL:
                _check_named(group.links.get_val(key)[0], file)
                foreign = True
            try:
                item = h5py.h5o.open(group, key)
            except (KeyError, OSError, RuntimeError, ValueError):
                continue  # a link that leads nowhere, or what is damaged: who needs it will tell
            if link != h5py.h5l.TYPE_HARD and _file_of(item) != file:  # a soft link may pass an external one
                _check_file_of(item)
                foreign = True
            if isinstance(item, h5py.h5d.DatasetID):
                foreign |= _check_dataset(item, own)
            elif isinstance(item, h5py.h5g.GroupID):
                foreign |= self.group(item, own, depth + 1)
        return foreign


def found(file: Any, path: str) -> Any:
    """Look something up in a file, or return None; links on the way are checked before they are followed.

    Raises:
        RequestError: -32602, one leads out of the directory that this process is confined to.
    """
    import h5py

    item = file
    for part in path.split("/"):
        if not isinstance(item, h5py.Group) or part not in item:
            return None
        link = item.get(part, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            _check_named(os.fsencode(link.filename), _file_of(item.id))
        item = item.get(part)
        if isinstance(item, h5py.Dataset | h5py.Group):
            _check_file_of(item.id)  # a soft link may pass an external one
    return item


def _file_of(item: Any) -> bytes:
    import h5py

    name: bytes = h5py.h5f.get_name(item)
    return name


def _check_file_of(item: Any) -> None:
    """Check the file that something which was opened is in."""
    check_confined(os.path.abspath(os.fsdecode(_file_of(item))))  # noqa: PTH100 - links are followed later


def _check_named(name: bytes, by: bytes) -> int:
    """Check a file that a file names, at all places where HDF5 looks for it; returns the bytes of the largest."""
    largest = 0
    for folder in (os.path.dirname(by), os.path.dirname(os.path.realpath(by)), os.getcwdb()):  # noqa: PTH120, PTH109
        path = os.path.join(folder, name)  # noqa: PTH118
        if os.path.lexists(path):
            check_confined(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100
            with contextlib.suppress(OSError):  # a link that leads nowhere
                largest = max(largest, os.path.getsize(path))  # noqa: PTH202
    return largest


def _check_dataset(dataset: Any, name: str) -> bool:
    import h5py

    plist = dataset.get_create_plist()
    named = [plist.get_external(number)[0] for number in range(plist.get_external_count())]
    layout = plist.get_layout()
    if layout == h5py.h5d.VIRTUAL:
        sources = (os.fsencode(plist.get_virtual_filename(number)) for number in range(plist.get_virtual_count()))
        named += [source for source in sources if source != b"."]
    own = _file_of(dataset)
    if any(b"%" in file for file in named):
        raise ValueError(f"{name} names its files by a pattern ({os.fsdecode(named[0])}), which is not read")
    stored = sum(_check_named(file, own) for file in set(named))
    if layout == h5py.h5d.VIRTUAL:
        stored += os.path.getsize(own)  # noqa: PTH202 - parts of this file may be among its sources
    elif not named:
        stored = dataset.get_storage_size()
    _check_size(dataset, plist.get_chunk() if layout == h5py.h5d.CHUNKED else (), stored, name)
    return bool(named)


def _check_size(dataset: Any, chunk: tuple[int, ...], stored: int, name: str) -> None:
    claimed = max(math.prod(dataset.shape), math.prod(chunk)) * dataset.get_type().get_size()
    if claimed > LARGE and claimed > MOST_PACKED * stored:
        raise ValueError(
            f"{name} claims to have {claimed} bytes, of which {stored} are stored; no packing makes so little of them"
        )


def without_links(*extensions: ModuleType) -> None:
    """Let the HDF5 copies inside these extension modules follow no external links, where they export its functions."""
    for extension in extensions:
        with contextlib.suppress(AttributeError, OSError, TypeError):
            ctypes.CDLL(extension.__file__).H5Lunregister(ctypes.c_int(_EXTERNAL))
