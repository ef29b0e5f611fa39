"""Headers of NRRD files, and the backend's method that tells them."""

from __future__ import annotations

import io

import nrrd
import numpy as np
import pytest

from brayns_widget.service.nrrd_header import MAX_SIZE, fields, header_lines


def read(content: bytes):
    return fields(header_lines(io.BytesIO(content)))


def test_fields_are_as_they_are_written():
    header = "NRRD0005\n# type: no\ntype:  unsigned int \nspace origin: (0,0,0)\nkey:=a: b := c\nµ:=µm\n\ntype: float\n"
    assert read(header.encode()) == {
        "NRRD version": "0005",
        "type": "unsigned int",
        "space origin": "(0,0,0)",
        "key": "a: b := c",
        "µ": "µm",
    }


def test_the_file_is_right_behind_its_header():
    file = io.BytesIO(b"NRRD0004\r\ntype: uint8\r\n\r\nabcd")
    assert header_lines(file) == ["NRRD0004", "type: uint8"]
    assert file.read() == b"abcd"


def test_pynrrd_reads_the_same_lines(tmp_path):
    nrrd.write(str(tmp_path / "a.nrrd"), np.zeros((2, 3, 4), np.float32), {"spacings": [1.0, 2.0, 3.0]})
    with (tmp_path / "a.nrrd").open("rb") as file:
        lines = header_lines(file)
    read = nrrd.read_header(str(tmp_path / "a.nrrd"))
    assert fields(lines).keys() - {"NRRD version"} == read.keys()
    assert str(nrrd.read_header(lines)) == str(read)


def test_the_names_of_a_list_are_no_fields():
    assert read(b"NRRD0004\ntype: uint8\ndata file: LIST 2\na.raw\nb.raw\n")["data file"] == "LIST 2"


def test_a_header_of_another_file_needs_no_empty_line():
    assert read(b"NRRD0004\ntype: uint8\ndata file: a.raw") == {
        "NRRD version": "0004",
        "type": "uint8",
        "data file": "a.raw",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\n", "does not begin with NRRD"),
        (b"NRRD\n\n", "does not begin with NRRD"),
        (b"\x80\x81", "does not begin with NRRD"),
        (b"NRRD0004\ntype uint8\n\n", "not 'field: value': 'type uint8'"),
        (b"NRRD0004\ntype: uint8\n", "no empty line ends its header"),
        (b"NRRD0004\n" + b"a: b\n" * MAX_SIZE, "more than 1048576 bytes"),
        (b"NRRD0004\na:" + b"b" * MAX_SIZE, "more than 1048576 bytes"),
        (b"N" * (MAX_SIZE + 1), "does not begin with NRRD"),
    ],
)
def test_what_is_no_header_is_refused(content, words):
    with pytest.raises(ValueError, match=words):
        read(content)
