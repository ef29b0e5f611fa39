"""The process that reads for the renderer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path
from brayns_widget.service.renderer.loaders.morphologies import radii
from brayns_widget.service.renderer.loaders.morphologies.files import read_file
from brayns_widget.service.renderer.loaders.morphologies.morphology import ShapeOptions
from brayns_widget.service.renderer.reading import prepare

prepare(None)
print(len(radii._limit.signatures))
read_file(Path(sys.argv[1]), ShapeOptions(soma=True, axon=True, dendrites=True, geometry_type="smooth"))
print(len(radii._limit.signatures))
"""


def test_what_loads_compute_is_compiled_before_the_first_one(tmp_path: Path) -> None:
    path = tmp_path / "cell.swc"
    path.write_text("1 1 0 0 0 5 -1\n2 3 0 10 0 1 1\n3 3 0 20 0 0.5 2\n")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, timeout=110, check=True
    )
    assert done.stdout.split() == ["1", "1"]
