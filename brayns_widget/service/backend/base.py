"""The base directory, which confines what clients can see.

A path counts as inside if its target, after ``..`` and all symbolic links, is inside. Other files that an HDF5 file
names are checked, too (``service.hdf5``). One attack remains possible for users who can write into the base directory:
a link that is swapped between the check and the opening.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Literal

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError


class BaseDirectory:
    """A directory that clients are confined to.

    Args:
        path: path of the directory.

    Raises:
        NotADirectoryError: it is not a directory.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.abspath(path))  # noqa: PTH100 - a Path would keep ".."; links stay: users see this path
        self._real = Path(os.path.realpath(path))
        if not self._real.is_dir():
            raise NotADirectoryError(f"{str(self.path)!r} is not a directory.")

    def resolve(self, path: str) -> Path:
        """Resolve a client's absolute path to its target, which need not exist.

        Raises:
            RequestError: -32602, it leads out of the base directory or is not a path.
        """
        try:
            # A relative path would depend on where this process was started.
            real = Path(os.path.realpath(path)) if Path(path).is_absolute() else None
        except (OSError, ValueError) as error:  # NUL bytes, characters that file names cannot have
            raise RequestError(f"{path!r} is not a path: {error}", code=INVALID_PARAMS) from error
        if real is None:
            text = f"{path!r} is relative, and so is outside {str(self.path)!r}; give the absolute path"
            raise RequestError(text, code=INVALID_PARAMS)
        if not real.is_relative_to(self._real):
            raise RequestError(f"{path!r} is outside {str(self.path)!r}", code=INVALID_PARAMS)
        return real

    def regular_file(self, path: str, *, code: int = INVALID_PARAMS, or_directory: bool = False) -> Path:
        """Resolve a path to a regular file; a pipe or a device could block its reader forever.

        Args:
            path: as for `resolve`.
            code: of the error if there is no such file.
            or_directory: allow directories, too.

        Raises:
            RequestError: -32602 as `resolve`, or `code`.
        """
        real = self.resolve(path)
        if (kind := kind_of(real)) != "file" and not (or_directory and kind):
            problem = "is not a regular file" if real.exists() else "does not exist"
            raise RequestError(f"{path!r} {problem}", code=code)
        return real


def kind_of(path: Path) -> Literal["file", "directory"] | None:
    """Return "file" or "directory"; None for a path that does not exist or is neither.

    Raises:
        RequestError: -32603, the system refuses: the name is too long, or the directory may not be entered.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RequestError(f"{str(path)!r} cannot be read: {error.strerror}", code=INTERNAL_ERROR) from error
    return "directory" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else None
