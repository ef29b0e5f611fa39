from __future__ import annotations

import subprocess
import sys

from brayns_widget.controller.vocabulary import VOCABULARY


def test_every_class_has_its_home():
    assert {name: VOCABULARY[name] for name in VOCABULARY}.keys() == set(VOCABULARY)
    assert len(VOCABULARY) == len(list(VOCABULARY))


def test_the_preload_imports_what_a_start_and_a_load_need():
    code = (
        "import sys; from brayns_widget.controller.vocabulary import preload; preload(); "
        "print({'brayns_widget.protocol.backend', 'brayns_widget.protocol.brayns.models'} <= set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "True"
