"""Proteins: places, radii and colors of atoms, and what is said of bad files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.molecules.protein import LOADER
from brayns_widget.service.renderer.loaders.palette import element_color
from brayns_widget.service.rpc.running import RunningRequest


def atom(serial: int, name: str, residue: str, chain: str, number: int, at: tuple[float, float, float]) -> str:
    """One line of the format (wwPDB 3.3, "ATOM"); the element is the name's first letter."""
    x, y, z = at
    return (
        f"ATOM  {serial:5d}  {name:<3} {residue:>3} {chain}{number:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00"
        f"          {name[0]:>2}  \n"
    )


ATOMS = (
    atom(1, "N", "ALA", "A", 1, (0, 0, 0))
    + atom(2, "CA", "ALA", "A", 1, (1.5, 0, 0))
    + atom(3, "O", "GLY", "A", 2, (3, 0, -1))
    + atom(4, "N", "ALA", "B", 1, (4, 2, 0.25))
)


def load(path: Path, text: str = ATOMS, **properties: Any) -> LoadedModel:
    path.write_text(text)
    (model,) = LOADER.read(str(path), properties, RunningRequest())
    return model


def test_atoms_are_spheres_of_their_atomic_radii_at_a_hundredth_of_the_files_size(tmp_path: Path):
    model = load(tmp_path / "some.pdb", radius_multiplier=2)
    assert model.kind == "protein"
    expected = [[0, 0, 0, 1.12], [1.5, 0, 0, 1.34], [3, 0, -1, 0.96], [4, 2, 0.25, 1.12]]  # Å; N, C, O, N
    np.testing.assert_allclose(model.geometry.spheres, np.array(expected) / 100, atol=1e-7)
    assert dict(model.metadata) == {"atoms": "4", "chains": "2", "residues": "3"}
    assert model.coloring.methods() == ["primitive", "solid"]


@pytest.mark.parametrize(
    ("scheme", "groups"),
    [
        ("none", [0, 0, 0, 0]),
        ("by_id", [0, 1, 2, 3]),
        ("protein_atoms", [0, 1, 2, 0]),
        ("protein_chains", [0, 0, 0, 1]),
        ("protein_residues", [0, 0, 1, 0]),
    ],
)
def test_schemes_tell_apart_what_they_are_named_after(tmp_path: Path, scheme: str, groups: list[int]):
    colors = load(tmp_path / "some.pdb", color_scheme=scheme).coloring.colors
    _, found = np.unique(colors, axis=0, return_inverse=True)
    assert (found[:, None] == found).tolist() == (np.array(groups)[:, None] == groups).tolist()
    if scheme == "protein_atoms":
        np.testing.assert_allclose(colors[2], element_color("O"))


def test_of_alternative_models_one_is_shown_and_of_an_assembly_all(tmp_path: Path):
    text = f"MODEL        1\n{ATOMS}ENDMDL\nMODEL        2\n{ATOMS}ENDMDL\nEND\n"
    assert len(load(tmp_path / "some.pdb", text).geometry.spheres) == 4
    assembly = load(tmp_path / "some.pdb1", text, color_scheme="protein_chains")
    assert len(assembly.geometry.spheres) == 8
    assert dict(assembly.metadata) == {"atoms": "8", "chains": "4", "residues": "6"}
    assert len(np.unique(assembly.coloring.colors, axis=0)) == 4


def test_what_follows_the_end_is_not_read(tmp_path: Path):
    text = f"{ATOMS}END\n{ATOMS.replace('   1.500', '  xx.xxx')}"
    assert len(load(tmp_path / "some.pdb", text).geometry.spheres) == 4


@pytest.mark.parametrize(
    ("text", "properties", "message"),
    [
        ("", {}, "some.pdb has no atoms"),
        ("garbage\nmore\n", {}, "some.pdb has no atoms"),
        ("ATOM  xx\n", {}, "some.pdb cannot be read as a PDB file: "),
        (ATOMS.replace("   1.500", "  xx.xxx"), {}, "some.pdb, line 2: an atom has 'xx.xxx' for a coordinate"),
        (ATOMS.replace("  -1.000", "        "), {}, "some.pdb, line 3: an atom has '' for a coordinate"),
        (ATOMS.replace("  -1.000", "********"), {}, "some.pdb, line 3: an atom has '********' for a coordinate"),
        (ATOMS.replace("  -1.000", "     nan"), {}, "some.pdb, line 3: an atom has 'nan' for a coordinate"),
        (ATOMS, {"radius_multiplier": 0}, "radius_multiplier must be positive, got 0"),
        (ATOMS, {"color_scheme": "rainbow"}, "Invalid loader params schema"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(tmp_path: Path, text: str, properties: Any, message: str):
    with pytest.raises(RequestError) as caught:
        load(tmp_path / "some.pdb", text, **properties)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
