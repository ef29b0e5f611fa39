"""Loaders of the real renderer that this one names, but that refuse all files, and why."""

from __future__ import annotations

from pathlib import Path

from brayns_widget.protocol.brayns.loaders import BBP, DTI, BbpParams, EmptyParams
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel, Loader
from brayns_widget.service.rpc.running import RunningRequest

_BLUE_CONFIG = (
    "BlueConfig circuits cannot be loaded, their format is no longer maintained: "
    "convert the circuit to SONATA and load its circuit_config.json with the SONATA loader"
)
REASONS = {BBP: _BLUE_CONFIG, DTI: "This version cannot show the tracts of diffusion images"}
"""By the names of these loaders."""


def _load(path: Path, _params: object, _request: RunningRequest) -> list[LoadedModel]:
    raise AssertionError(f"check_refused has let {path} pass.")


BBP_LOADER = Loader(BBP, "Circuit Explorer", ("BlueConfig", "CircuitConfig"), BbpParams, _load)
DTI_LOADER = Loader(DTI, "DTI", ("json",), EmptyParams, _load)


def check_refused(loader_name: str, path: str = "") -> None:
    """Check that neither a loader nor the name of a file is one that is always refused.

    Raises:
        RequestError: -32602, it is; the message tells why, and what to do.
    """
    file = Path(path)
    reason = REASONS.get(loader_name)
    if not file.suffix and file.name.lower().startswith(("blueconfig", "circuitconfig")):
        reason = _BLUE_CONFIG
    if reason is not None:
        raise RequestError(reason, code=INVALID_PARAMS)
