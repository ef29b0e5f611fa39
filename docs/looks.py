"""Draws the sheets of pictures in looks.md: presets on dark and light ground, far and near, at several counts of cells.

Usage: python -m docs.looks [--circuit CONFIG ...] [--to FOLDER]

Without circuits it draws the demo with 10, 100 and 1000 cells. There is a sheet for each circuit, with a column for
each preset.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from brayns_widget import Controller
from brayns_widget.controller.presets import PresetName
from brayns_widget.demo import write_circuit

COUNTS = (10, 100, 1000)
SIZE = (400, 300)
SAMPLES = 32
GROUNDS = {"dark": "#16181d", "light": "#ffffff"}
NEAR = 60.0
"""Half of the edge, in µm, of the box that a near picture shows."""
MARGIN, CAPTION = 4, 22
QUALITY = 78
"""Of the sheets, WebP."""
WAIT = 600.0


def pictures(viewer: Controller) -> Iterator[tuple[str, Sequence[Image.Image]]]:
    """Draw the rows of a sheet: what they show, and a picture for each preset."""
    (model,) = viewer.models
    ids = model.ids()
    viewer.selection.set(ids[len(ids) // 2 :][:1])
    middle = np.mean(viewer.selection.bounds(), axis=0)
    viewer.selection.clear()
    for distance in ("far", "near"):
        viewer.camera.reset()
        if distance == "near":
            viewer.camera.frame(tuple(middle - NEAR), tuple(middle + NEAR))
        for ground, color in GROUNDS.items():
            row = []
            for preset in get_args(PresetName):
                viewer.rendering.use_preset(preset)
                viewer.background = color
                picture = viewer.snapshot(size=SIZE, samples=SAMPLES).result(WAIT)
                row.append(Image.open(io.BytesIO(picture.data)).convert("RGB"))
            yield f"{distance}, {ground}", row


def sheet(config: Path) -> Image.Image:
    """Draw a circuit's sheet."""
    with Controller() as viewer:
        viewer.load_circuit(config, color_by="layer").result(WAIT)
        rows = list(pictures(viewer))
    columns = get_args(PresetName)
    width, height = SIZE[0] + MARGIN, SIZE[1] + MARGIN
    whole = Image.new("RGB", (CAPTION + width * len(columns), CAPTION + height * len(rows)), "white")
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(14)
    for column, preset in enumerate(columns):
        pen.text((CAPTION + column * width + 2, 2), preset, "black", font)
    for index, (caption, row) in enumerate(rows):
        side = Image.new("RGB", (height, CAPTION), "white")
        ImageDraw.Draw(side).text((2, 2), caption, "black", font)
        whole.paste(side.rotate(90, expand=True), (0, CAPTION + index * height))
        for column, picture in enumerate(row):
            whole.paste(picture, (CAPTION + column * width, CAPTION + index * height))
    return whole


def main() -> None:
    """Draw all sheets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--circuit", type=Path, action="append", help="a SONATA configuration; can be repeated")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "images", help="where the sheets go")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        configs = options.circuit or [write_circuit(Path(folder) / str(count), cells=count) for count in COUNTS]
        for config in configs:
            sheet(config).save(options.to / f"looks-{config.parent.name}.webp", quality=QUALITY)


if __name__ == "__main__":
    main()
