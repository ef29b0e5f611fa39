"""The configuration that is meant by a directory."""

from __future__ import annotations

from pathlib import Path

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.sonata.config import NAME_ONE, Check, read_json
from brayns_widget.service.sonata.problems import failure

_MOST_FILES = 100  # that are looked into


def configuration_of(path: Path, check: Check) -> Path:
    """Return a configuration's path: a file's as it is, of a directory the one configuration in it.

    That is the only one of a circuit, whatever simulations lie beside it; without one, the only one of a simulation.

    Args:
        path: a file or a directory.
        check: called with each file before it is opened.

    Raises:
        RequestError: the directory holds none, or several.
    """
    if not path.is_dir():
        return path
    try:
        files = sorted(file for file in path.iterdir() if file.suffix.lower() == ".json" and file.is_file())
    except OSError as error:
        raise failure(f"{path} cannot be read: {error.strerror}") from error
    if len(files) > _MOST_FILES:
        raise _not_one(f"{path} is a directory of {len(files)} JSON files; name the circuit's configuration")
    broken: list[str] = []
    keys = {file: _keys(file, check, broken) for file in files}
    circuits = [file for file in files if "networks" in keys[file]]
    found = circuits or [file for file in files if keys[file] & {"network", "run"}]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(file.name for file in found)
        raise _not_one(f"{path} is a directory with several configurations: {names}; name one of them")
    without = f"{path} is a directory without a SONATA configuration (JSON with 'networks' or 'run')"
    raise _not_one(f"{without}; {broken[0] if broken else NAME_ONE}")


def _not_one(message: str) -> RequestError:
    """Make the error of a directory that does not stand for a configuration: another path would do."""
    return RequestError(message, code=INVALID_PARAMS)


def _keys(file: Path, check: Check, broken: list[str]) -> set[str]:
    """Return the keys of a JSON file; one that cannot be read has none, and ``broken`` gets why."""
    try:
        content = read_json(file, check)
    except RequestError as error:
        broken.append(error.message)
        return set()  # another one may be meant
    return set(content) if isinstance(content, dict) else set()
