"""Meshes: the same square from every format, colors, and what is said of bad files."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.meshes.mesh import LOADER
from brayns_widget.service.rpc.running import RunningRequest

CORNERS = [(0, 0, 0), (2, 0, 0), (2, 3, 0), (0, 3, 0)]
TRIANGLES = [(0, 1, 2), (0, 2, 3)]
PLY = """\
ply
format {} 1.0
element vertex 4
property float x
property float y
property float z
element face 2
property list uchar int vertex_indices
end_header
"""


def off() -> bytes:
    return b"OFF\n4 1 0\n0 0 0\n2 0 0\n2 3 0\n0 3 0\n4 0 1 2 3\n"  # a face of four corners


def obj() -> bytes:
    return b"# a comment\nv 0 0 0\nv 2 0 0\nv 2 3 0\nv 0 3 0\nvn 0 0 1\nf 1//1 2//1 3//1\nf -4 -2 -1\n"


def stl_text() -> bytes:
    facets = ""
    for triangle in TRIANGLES:
        lines = "".join("vertex {} {} {}\n".format(*CORNERS[corner]) for corner in triangle)
        facets += f"facet normal 0 0 1\nouter loop\n{lines}endloop\nendfacet\n"
    return f"solid square\n{facets}endsolid square\n".encode()


def stl_binary() -> bytes:
    facets = b"".join(
        struct.pack("<12fH", 0, 0, 1, *(number for corner in triangle for number in CORNERS[corner]), 0)
        for triangle in TRIANGLES
    )
    return bytes(80) + struct.pack("<I", 2) + facets


def ply_text() -> bytes:
    corners = "".join("{} {} {}\n".format(*corner) for corner in CORNERS)
    return f"{PLY.format('ascii')}{corners}3 0 1 2\n3 0 2 3\n".encode()


def ply_binary(order: str, name: str) -> bytes:
    corners = b"".join(struct.pack(f"{order}3f", *corner) for corner in CORNERS)
    return PLY.format(name).encode() + corners + b"".join(struct.pack(f"{order}B3i", 3, *each) for each in TRIANGLES)


FILES = {
    "square.off": off(),
    "square.obj": obj(),
    "text.stl": stl_text(),
    "binary.STL": stl_binary(),
    "text.ply": ply_text(),
    "little.ply": ply_binary("<", "binary_little_endian"),
    "big.ply": ply_binary(">", "binary_big_endian"),
}


def load(path: Path, **properties: Any) -> LoadedModel:
    (model,) = LOADER.read(str(path), properties, RunningRequest())
    return model


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_square(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    model = load(path)
    geometry = model.geometry
    corners = geometry.triangle_vertices[geometry.triangles]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    assert areas.tolist() == [3, 3]
    assert [side.tolist() for side in geometry.bounds] == [[0, 0, 0], [2, 3, 0]]
    assert {tuple(corner) for corner in corners.reshape(-1, 3).tolist()} == set(CORNERS)
    assert geometry.triangle_slots.tolist() == [0, 1]
    assert model.kind == "mesh"
    vertices = str(len(geometry.triangle_vertices))
    assert dict(model.metadata) == {"faces": "2", "meshes": "1", "vertices": vertices}
    assert model.coloring.colors.tolist() == [[1, 1, 1, 1]] * 2


def test_an_upload_is_read_as_its_file_would_be():
    (model,) = LOADER.read_upload("obj", memoryview(obj()), {"geometry_quality": "high"}, RunningRequest())
    assert len(model.geometry.triangles) == 2


def test_meshes_of_a_file_become_one_model(tmp_path: Path):
    path = tmp_path / "two.obj"
    second = b"usemtl other\no second\nv 9 9 9\nf 1 2 5\n"
    path.write_bytes(b"usemtl one\no first\n" + obj() + second)
    model = load(path)
    assert model.metadata["faces"] == "3"
    assert model.geometry.bounds[1].tolist() == [9, 9, 9]


def test_colors_of_a_file_are_shown(tmp_path: Path):
    path = tmp_path / "colored.ply"
    header = PLY.format("ascii").replace("property float z\n", "property float z\n" + "".join(
        f"property uchar {name}\n" for name in ("red", "green", "blue")
    ))  # fmt: skip
    colors = [(255, 0, 0), (0, 0, 0), (0, 255, 0), (255, 0, 255)]
    corners = "".join("{} {} {} {} {} {}\n".format(*at, *color) for at, color in zip(CORNERS, colors, strict=True))
    path.write_text(f"{header}{corners}3 0 1 2\n3 0 2 3\n")
    coloring = load(path).coloring
    assert coloring.by_corner
    red, black, green, pink = [1, 0, 0, 1], [0, 0, 0, 1], [0, 1, 0, 1], [1, 0, 1, 1]
    np.testing.assert_allclose(coloring.colors, [red, black, green, red, green, pink], atol=0.005)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.obj", b"", "empty.obj has no triangles that can be read as OBJ"),
        ("empty.stl", b"", "empty.stl has no triangles that can be read as STL"),
        ("empty.off", b"", "empty.off cannot be read as OFF: "),
        ("empty.ply", b"", "empty.ply cannot be read as PLY: "),
        ("garbage.off", b"garbage", "garbage.off cannot be read as OFF: "),
        ("garbage.ply", b"garbage", "garbage.ply cannot be read as PLY: "),
        ("cut.stl", stl_binary()[:-20], "cut.stl "),
        ("cut.ply", ply_binary("<", "binary_little_endian")[:-5], "cut.ply cannot be read as PLY: "),
        ("corner.obj", b"v 0 0 0\nv 1 0 0\nf 1 2 9\n", "corner.obj cannot be read as OBJ: "),
        (
            "points.ply",
            ply_text().split(b"element face")[0] + b"end_header\n" + b"0 0 0\n" * 4,
            "points.ply has no tri",
        ),
        ("nan.obj", b"v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "not below 1e+15"),
        ("far.obj", b"v 0 0 1e300\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "not below 1e+15"),
        (
            "corner.ply",
            ply_text().replace(b"3 0 1 2", b"3 0 1 9"),
            "corner.ply cannot be shown: Triangle corner 9 does not exist",
        ),
        ("model.zzz", obj(), "Mesh format extension not supported: 'zzz'"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, name: str, data: bytes, message: str):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(RequestError) as caught:
        load(path)
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def read(name: str, text: str) -> LoadedModel:
    (model,) = LOADER.read_upload(name, memoryview(text.encode()), {}, RunningRequest())
    return model


def faces(model: LoadedModel) -> list[list[tuple[float, ...]]]:
    """Corners of all triangles."""
    geometry = model.geometry
    return [[tuple(corner) for corner in each] for each in geometry.triangle_vertices[geometry.triangles].tolist()]


def areas(model: LoadedModel) -> list[float]:
    corners = np.array(faces(model))
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return [float(area) for area in crosses[:, 2] / 2]


COLORED_FACES = PLY.replace("property list", "property uchar flags\nproperty list").replace(
    "end_header", "property uchar red\nproperty uchar green\nproperty uchar blue\nend_header"
)


def test_colors_of_triangles_are_shown_until_corners_get_others():
    corners = "".join("{} {} {}\n".format(*corner) for corner in [*CORNERS, (9, 9, 9)])
    header = COLORED_FACES.format("ascii").replace("vertex 4", "vertex 5")
    model = read("ply", f"{header}{corners}0 3 0 1 2 255 0 0\n0 3 0 2 3 0 255 0\n")
    assert model.coloring.colors.tolist() == [[1, 0, 0, 1], [0, 1, 0, 1]]
    red, green, white = [1, 0, 0, 1], [0, 1, 0, 1], [1, 1, 1, 1]
    again = model.coloring.color("vertex", {"1": [1, 1, 1, 1]}).tolist()
    assert again == [red, white, red, green, green, green]
    assert model.coloring.color("vertex", {"4": [0, 0, 0, 1]}).tolist() == again


RINGS = [[0, 1, 2, 3], [0, 1, 2], [0, 1, 4, 2, 3]]  # the last one is concave
PLACES = [*CORNERS, (1, 1, 0)]
RING_COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def ply_of_rings(form: str, corner: str = "int", length: str = "uchar", rings: list[list[int]] = RINGS) -> bytes:
    """Faces of several sizes, with a number before the corners, and colors and (in text) a list after them."""
    header = COLORED_FACES.format(form).replace("uchar int", f"{length} {corner}")
    header = header.replace("vertex 4", "vertex 5").replace("face 2", f"face {len(rings)}")
    if form == "ascii":
        header = header.replace("indices\n", "indices\nproperty list uchar float texcoord\n")
        lines = ["{} {} {}".format(*place) for place in PLACES] + [
            f"7 {len(ring)} {' '.join(map(str, ring))} 2 0.5 0.5 {' '.join(map(str, color))}"
            for ring, color in zip(rings, RING_COLORS, strict=False)
        ]
        return (header + "\n\n".join(lines) + "\n\n").encode()
    order = "<" if "little" in form else ">"
    codes = {"int": "i", "uint": "I", "uchar": "B", "ushort": "H"}
    body = b"".join(struct.pack(f"{order}3f", *place) for place in PLACES)
    for ring, color in zip(rings, RING_COLORS, strict=False):
        body += struct.pack(f"{order}B{codes[length]}{len(ring)}{codes[corner]}3B", 7, len(ring), *ring, *color)
    return header.encode() + body


@pytest.mark.parametrize(
    "data",
    [
        ply_of_rings("ascii"),
        ply_of_rings("binary_little_endian"),
        ply_of_rings("binary_big_endian"),
        ply_of_rings("binary_big_endian", "ushort", "uint"),
        ply_of_rings("binary_little_endian", "uchar", "int"),
    ],
)
def test_faces_of_a_ply_may_have_different_numbers_of_corners(data: bytes):
    (model,) = LOADER.read_upload("ply", memoryview(data), {}, RunningRequest())
    assert model.geometry.triangles[:3].tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]
    assert sum(areas(model)[3:]) == 6 - 1.5  # all but the triangle of the second, fifth and third corner
    assert min(areas(model)) > 0
    expected = np.repeat(np.array(RING_COLORS), [2, 1, 3], axis=0) / 255
    np.testing.assert_allclose(model.coloring.colors[:, :3], expected, atol=1e-6)


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian"])
@pytest.mark.parametrize("ring", [[0, 1, 2, 3], [0, 1, 2]])
def test_faces_of_a_ply_with_equal_numbers_of_corners_have_their_colors(form: str, ring: list[int]):
    (model,) = LOADER.read_upload("ply", memoryview(ply_of_rings(form, rings=[ring, ring[::-1]])), {}, RunningRequest())
    count = len(ring) - 2
    assert areas(model) == [3] * count + [-3] * count
    assert model.coloring.colors.tolist() == [[1, 0, 0, 1]] * count + [[0, 1, 0, 1]] * count


def test_vertices_of_a_ply_with_textures_are_those_of_the_file():
    header = PLY.format("ascii").replace("float z\n", "float z\nproperty float u\nproperty float v\n")
    corners = "".join("{} {} {} 0.5 0.5\n".format(*corner) for corner in CORNERS)
    model = read("ply", f"{header}{corners}4 0 1 2 3\n3 0 2 1\n")
    assert areas(model) == [3, 3, -3]
    assert model.metadata["vertices"] == "4"


@pytest.mark.parametrize(
    "text",
    [
        "OFF\n4 2 0\n0 0 0\n2 0 0\n2 3 0\n0 3 0\n3 0 1 2\n3 0 2 3\n",
        "OFF 4 2 0\r\n0 0 0 2 0 0\r\n2 3 0 0 3 0\r\n\r\n3 0 1 2 # a face\r\n3 0 2 3\r\n",
        "NOFF\n4 2 0\n0 0 0 0 0 1\n2 0 0 0 0 1\n2 3 0 0 0 1\n0 3 0 0 0 1\n3 0 1 2 255 0 0\n3 0 2 3\n",
        "# made by hand\nOFF\n4 1\n0 0 0\n2 0 0\n2 3 0\n0 3 0\n4 0 1 2 3 0.5 0.5 0.5\n",
    ],
)
def test_off_files_as_different_writers_have_them(text: str):
    assert faces(read("off", text)) == [[CORNERS[0], CORNERS[1], CORNERS[2]], [CORNERS[0], CORNERS[2], CORNERS[3]]]


def test_faces_of_an_off_file_may_have_different_numbers_of_corners():
    corners = "".join("{} {} {}\n".format(*place) for place in PLACES)
    rings = "".join(f"{len(ring)} {' '.join(map(str, ring))}\n" for ring in RINGS)
    model = read("off", f"OFF\n5 3 0\n{corners}{rings}")
    assert len(model.geometry.triangles) == 6
    assert sum(areas(model)) == 6 + 3 + 4.5


VERTICES = "".join("{} {} {}\n".format(*corner) for corner in CORNERS)


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("ply", f"{PLY.format('ascii')}{VERTICES}3 0 1 2\n", "its header says 6 lines .4 of vertex, 2 of face., .* 5"),
        ("ply", f"{PLY.format('ascii')}{VERTICES}3 0 1 2\n".replace("face 2", "face 10000000000000"), "10000000000004"),
        ("ply", f"{PLY.format('ascii')}{VERTICES}3 0 1 2\n4 0 1 2\n", "it has a face '4 0 1 2'"),
        ("ply", f"{PLY.format('ascii')}{VERTICES}3 0 1 2\n-1 0 1 2\n", "it has a face '-1 0 1 2'"),
        ("ply", f"{PLY.format('ascii')}{VERTICES}3 0 1 2\n3 0 1 x\n", "a corner that is no number"),
        ("ply", f"{PLY.format('ascii')}{VERTICES}3 0 1 2\n4 0 1 2 4\n", "Triangle corner 4 does not exist"),
        ("ply", PLY.format("ascii").replace("int v", "word v"), "its header has 'property list uchar word vertex_ind"),
        ("ply", PLY.format("ascii").replace("face 2", "face two"), "its header has 'element face two'"),
        (
            "ply",
            f"{PLY.format('ascii')}{VERTICES}3 0 1 2\n3 0 1 2\n".replace("2 0 0", "2 x 0"),
            "something else where num",
        ),
        ("obj", "v 0 0 0\nv 1 0 0\nv 0 x 0\nf 1 2 3\n", "it has something else where numbers are expected"),
        ("ply", PLY.format("ascii").replace("face 2", "face -2"), "its header has 'element face -2'"),
        ("ply", PLY.format("binary_middle_endian"), "its header has 'format binary_middle_endian 1.0'"),
        ("ply", "ply\nelement vertex 0\nend_header\n", "its header has no format"),
        ("ply", "ply\nformat ascii 1.0\n", "no header from 'ply' to 'end_header'"),
        ("off", f"OFF\n4 2 0\n{VERTICES}3 0 1 2\n", "says that it has 2 faces, but it has 1"),
        ("off", "OFF\n4 2 0\n0 0 0\n0 0 1\n", "says that it has 4 vertices, but it has 2"),
        ("off", f"OFF\n4 1 0\n{VERTICES}3 0 1 4\n", "from 0 to 3, got '3 0 1 4'"),
        ("off", f"OFF\n4 1 0\n{VERTICES}4 0 1 2\n", "got '4 0 1 2'"),
        ("off", f"OFF\n4 1 0\n{VERTICES}-4 0 1 2\n", "got '-4 0 1 2'"),
        ("off", f"OFF\n4 1 0\n{VERTICES}x\n", "got 'x'"),
        ("off", f"OFF\n4 1 0\n{VERTICES.replace('3', 'x')}3 0 1 2\n", "each vertex needs three coordinates"),
        ("off", f"OFF\n-4 1 0\n{VERTICES}3 0 1 2\n", "expected numbers of vertices and faces, got '-4 1 0'"),
        ("off", "OFF BINARY\n\x00", "expected numbers of vertices and faces, got 'BINARY'"),
        ("off", "OFF\n", "expected numbers of vertices and faces, got ''"),
    ],
)
def test_meshes_that_are_cut_off_or_wrong_are_refused(kind: str, text: str, words: str):
    with pytest.raises(RequestError, match=words):
        read(kind, text)


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_headers_and_ends_of_a_ply_as_different_writers_have_them(form: str):
    data = ply_text() if form == "ascii" else ply_binary("<" if "little" in form else ">", form)
    data = data.replace(b"ply\n", b"ply\ncomment element face 9\nobj_info x\n", 1) + b"\n"
    more = data.replace(b"end_header", b"element extra 2\nproperty uchar x\nend_header") + (
        b"1\n" if form != "ascii" else b"1\n1\n"
    )
    for each in (data, more):
        (model,) = LOADER.read_upload(
            "ply", memoryview(each.replace(b"end_header\n", b"end_header\r\n")), {}, RunningRequest()
        )
        assert areas(model) == [3, 3]
    if form != "ascii":
        with pytest.raises(RequestError, match="by its header it is 1 bytes longer"):
            LOADER.read_upload("ply", memoryview(more[:-2]), {}, RunningRequest())


def test_corners_of_a_binary_ply_that_are_not_there_are_refused():
    for rings in ([[0, 1, 2, 9]], [[0, 1, 2], [0, 1, -9]], [[0, 1, 9], [0, 1, 2, 3]]):
        data = ply_of_rings("binary_little_endian", rings=rings)
        with pytest.raises(RequestError, match=r"Triangle corner -?9 does not exist"):
            LOADER.read_upload("ply", memoryview(data), {}, RunningRequest())


def test_a_binary_ply_that_is_cut_off_is_refused():
    data = ply_of_rings("binary_little_endian")
    for cut in (1, 20, 45, 60):
        with pytest.raises(RequestError, match="header says 3 faces, but it ends in face"):
            LOADER.read_upload("ply", memoryview(data[:-cut]), {}, RunningRequest())


def test_negative_corners_of_an_obj_count_from_the_last_vertex_before_the_face():
    text = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf -3 -2 -1\nv 5 0 0\nv 6 0 0\nv 5 1 0\nf -3 -2 -1\n"
    expected = [[(0, 0, 0), (1, 0, 0), (0, 1, 0)], [(5, 0, 0), (6, 0, 0), (5, 1, 0)]]
    assert faces(read("obj", text)) == expected
    full = text.replace("f -3 -2 -1", "vt 0 0\nvn 0 0 1\nf -3/-1/-1 -2/-1/-1 -1/-1/-1")
    assert faces(read("obj", full)) == expected


@pytest.mark.parametrize(
    "face", ["f 0 1 2", "f 1 2 -4", "f 1 2 4", "f 1 2 99999999999999999999", "f 1 2 x", "f 1 2 1.5"]
)
def test_corners_of_an_obj_that_are_not_there_are_refused(face: str):
    with pytest.raises(RequestError, match=r"The upload cannot be read as OBJ: .*corner"):
        read("obj", f"v 0 0 0\nv 1 0 0\nv 0 1 0\n{face}\n")


@pytest.mark.parametrize(
    "face",
    [
        "f\t1\t2\t3",
        "  f 1 2 3",
        "f 1 2 3 # 4",
        "f 1 \\\n2 3",
        "f 1 \\\r\n2 3\r",
        "f 1/1 2/1 3/1",
        "f 1//1 2//1 3//1",
        "f  1 2 3 ",
    ],
)
def test_faces_of_an_obj_as_different_writers_have_them(face: str):
    text = f"v\t0 0 0\n  v 1 0 0\nv 0 1 0 # the last\nvt 0 0\nvn 0 0 1\n{face}\n"
    assert faces(read("obj", text)) == [[(0, 0, 0), (1, 0, 0), (0, 1, 0)]]


def test_vertices_and_faces_of_an_obj_are_those_of_the_file_whatever_their_materials_and_normals():
    corners = "".join(f"v {x} {x * x} 0\n" for x in range(9))  # the last two are of no face
    kinds = ["f 1//1 2//2 3//1", "usemtl b\ng b\nf 4//1 5//1 6//2", "usemtl a\no c\ns 1\nf 1 2 3 7"]
    text = f"mtllib none.mtl\n{corners}vn 0 0 1\nvn 0 1 0\nusemtl a\n" + "\n".join(kinds)
    model = read("obj", text)
    assert model.geometry.triangles.tolist() == [[0, 1, 2], [3, 4, 5], [0, 1, 2], [0, 2, 6]]
    assert dict(model.metadata) == {"faces": "4", "meshes": "1", "vertices": "9"}


def test_colors_of_an_obj_are_shown():
    text = "v 0 0 0 1 0 0\nv 1 0 0 1 0 0\nv 0 1 0 1 0 0\nv 5 5 5 0 1 0\nf 1 2 3\nf 1 2 4\n"
    red, green = [1, 0, 0, 1], [0, 1, 0, 1]
    assert read("obj", text).coloring.colors.tolist() == [red, red, red, red, red, green]


@pytest.mark.parametrize("start", range(6))
@pytest.mark.parametrize(
    ("ring", "area"),
    [
        ([(0, 0), (4, 0), (1, 1), (0, 4)], 4),
        ([(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)], 10),
        ([(0, 0), (6, 0), (6, 4), (4, 4), (4, 2), (2, 2), (2, 4), (0, 4)], 20),
        ([(0, 0), (2, 0), (4, 0), (4, 4), (2, 1)], 6),  # the second corner is on a line with its neighbors
    ],
)
def test_concave_faces_have_the_area_they_enclose(ring: list[tuple[int, int]], area: float, start: int):
    turned = ring[start % len(ring) :] + ring[: start % len(ring)]
    for sign in (1, -1):
        corners = "".join(f"v {x} {y} 0\n" for x, y in turned[::sign])
        found = areas(read("obj", f"{corners}f {' '.join(map(str, range(1, len(ring) + 1)))}\nf 1 2 3\n"))[:-1]
        assert len(found) == len(ring) - 2
        assert all(each * sign >= 0 for each in found)
        assert sum(found) == pytest.approx(area * sign)


def test_a_face_that_crosses_itself_is_shown_somehow():
    text = "v 0 0 0\nv 2 2 0\nv 2 0 0\nv 0 2 0\nv 5 1 0\nf 1 2 3 4 5\nf 1 1 1 1\nf 1 2 1 2 1\n"
    assert len(read("obj", text).geometry.triangles) == 8


def test_a_large_mesh_can_be_cancelled_while_it_is_read():
    """trimesh cannot be stopped; who has cancelled does not wait for it."""
    count = 150_000
    text = f"OFF\n{count} {count - 2} 0\n" + "".join(f"{number} 0 {number % 7}\n" for number in range(count))
    text += "".join(f"3 {number} {number + 1} {number + 2}\n" for number in range(count - 2))

    def report(amount: float, _operation: str) -> None:
        if amount == 1:
            request.cancel()

    request = RunningRequest(report)
    with pytest.raises(RequestError) as caught:
        LOADER.read_upload("off", memoryview(text.encode()), {}, request)
    assert caught.value.code == 20
