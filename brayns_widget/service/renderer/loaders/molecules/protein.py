"""The protein loader: atoms of PDB files as spheres, read with gemmi.

As in the real renderer 100 Å are a unit of the scene, and radii are the atomic ones that Clementi, Raimondi and
Reinhardt computed ("Atomic Screening Constants from SCF Functions. II", 1967); others are covalent ones.
"""

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
from brayns_widget.service.renderer.loaders.palette import distinct_colors, element_color, numbered_colors
from brayns_widget.service.rpc.running import RunningRequest

_NUMBER = re.compile(rb"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")

_UNITS = 0.01  # of the scene, per Å
_RADII = {  # pm
    "H": 53, "He": 31, "Li": 167, "Be": 112, "B": 87, "C": 67, "N": 56, "O": 48, "F": 42, "Ne": 38, "Na": 190,
    "Mg": 145, "Al": 118, "Si": 111, "P": 98, "S": 88, "Cl": 79, "Ar": 71, "K": 243, "Ca": 194, "Sc": 184, "Ti": 176,
    "V": 171, "Cr": 166, "Mn": 161, "Fe": 156, "Co": 152, "Ni": 149, "Cu": 145, "Zn": 142, "Ga": 136, "Ge": 125,
    "As": 114, "Se": 103, "Br": 94, "Kr": 88,
}  # fmt: skip


def load(path: Path, params: ProteinParams, request: RunningRequest) -> list[LoadedModel]:
    """Load the atoms of a structure; see ``Loader.load``.

    The models of a ``.pdb1`` file are the parts of a biological assembly and are all loaded; those of a ``.pdb`` file
    are alternatives, of which the first is.
    """
    if params.radius_multiplier <= 0:
        raise RequestError(f"radius_multiplier must be positive, got {params.radius_multiplier}", code=INVALID_PARAMS)
    request.progress(0.0, f"Loading {path}")
    return request.aside(lambda: _models(path, params), f"Loading {path}")


def _radius(element: gemmi.Element) -> float:
    """Look the radius of an atom up, in Å."""
    return _RADII[element.name] / 100 if element.name in _RADII else float(element.covalent_r)


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
            _UNITS * np.array([found.atom.pos.tolist() for _, found in atoms]),
            radii=_UNITS * params.radius_multiplier * np.array([_radius(found.atom.element) for _, found in atoms]),
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
            return numbered_colors(np.array([found.atom.serial for found in atoms], np.intp))
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
