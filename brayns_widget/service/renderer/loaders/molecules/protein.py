"""The protein loader: atoms of PDB files as spheres of their van der Waals radii, read with gemmi."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import gemmi
import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import PROTEIN, ColorScheme, ProteinParams
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel, Loader, failure
from brayns_widget.service.renderer.loaders.molecules.spheres import spheres_model
from brayns_widget.service.renderer.loaders.palette import distinct_colors, element_color
from brayns_widget.service.rpc.methods import RunningRequest

_NUMBER = re.compile(rb"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def load(path: Path, params: ProteinParams, request: RunningRequest) -> list[LoadedModel]:
    """Load the atoms of a structure, in Å; see ``Loader.load``.

    The models of a ``.pdb1`` file are the parts of a biological assembly and are all loaded; those of a ``.pdb`` file
    are alternatives, of which the first is.
    """
    if params.radius_multiplier <= 0:
        raise RequestError(f"radius_multiplier must be positive, got {params.radius_multiplier}", code=INVALID_PARAMS)
    request.progress(0.0, f"Loading {path}")
    return request.aside(lambda: _models(path, params), f"Loading {path}")


def _models(path: Path, params: ProteinParams) -> list[LoadedModel]:
    try:
        models = list(gemmi.read_pdb(str(path)))
    except (RuntimeError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise failure(f"{path} cannot be read as a PDB file: {reason}") from error
    _check_coordinates(path)
    if path.suffix.lower() != ".pdb1":
        models = models[:1]
    atoms = [(number, found) for number, model in enumerate(models) for found in model.all()]
    if not atoms:
        raise failure(f"{path} has no atoms that can be read as a PDB file")
    chains = [(number, found.chain.name) for number, found in atoms]
    residues = [(*chain, str(found.residue.seqid)) for chain, (_, found) in zip(chains, atoms, strict=True)]
    metadata = {"atoms": str(len(atoms)), "chains": str(len(set(chains))), "residues": str(len(set(residues)))}
    return [
        spheres_model(
            "protein",
            str(path),
            np.array([found.atom.pos.tolist() for _, found in atoms]),
            radii=np.array([found.atom.element.vdw_r for _, found in atoms]) * params.radius_multiplier,
            colors=_colors(params.color_scheme, [found for _, found in atoms], chains),
            metadata=metadata,
        )
    ]


LOADER = Loader(PROTEIN, "Molecule Explorer", ("pdb", "pdb1"), ProteinParams, load)


def _check_coordinates(path: Path) -> None:
    """Check that atoms have numbers where their coordinates stand (columns 31 to 54), for which gemmi else takes 0.

    Raises:
        RequestError: one has none.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line[:4].upper() in {b"ATOM", b"HETA"}:
                for start in (30, 38, 46):
                    word = line[start : start + 8]
                    if not _NUMBER.fullmatch(word):
                        text = word.decode("latin-1").strip()
                        raise failure(
                            f"{path}, line {number}: an atom has {text!r} for a coordinate, correct or remove the line"
                        )
            elif line.strip().upper() == b"END":  # what follows is not read
                break


def _colors(scheme: ColorScheme, atoms: list[Any], chains: list[tuple[int, str]]) -> npt.NDArray[np.float32]:
    match scheme:
        case "by_id":
            return distinct_colors(np.arange(len(atoms)))
        case "protein_atoms":
            return np.array([element_color(found.atom.element.name) for found in atoms], np.float32)
        case "protein_chains":
            return distinct_colors(_codes(chains))
        case "protein_residues":  # equal residues, such as all alanines, look equal
            return distinct_colors(_codes([found.residue.name for found in atoms]))
        case "none":
            return np.ones((len(atoms), 4), np.float32)


def _codes(labels: list[Any]) -> npt.NDArray[np.intp]:
    """Assign numbers from 0 to labels, in order of first appearance."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return np.array([numbers[label] for label in labels], np.intp)
