"""What of the extra ``local`` is installed: the libraries of the servers and of the demo."""

from __future__ import annotations

from importlib.util import find_spec

HINT = 'Install it with: pip install "brayns-widget[local]"'

# On every platform; the ray tracer has no wheel on some, and may come from the system.
_LOCAL = ("aiohttp", "h5py", "libsonata", "morphio", "numba", "psutil")


def missing() -> list[str]:
    """Return the names of the modules that are not installed."""
    return [name for name in _LOCAL if find_spec(name) is None]
