"""Makes files stubborn by their names, as damaged ones are: on ``PYTHONPATH``, every process of Python runs this."""

import os
import re
from pathlib import Path

from brayns_widget.service import recognised

_check_file = recognised.check_file


def check_file(path, **options):
    if Path(path).name.startswith("crashing"):
        os.abort()
    if Path(path).name.startswith("hanging"):  # for years, and with Python's lock
        Path(f"{path}.reached").touch()
        re.match(r"(a+)+$", "a" * 64 + "b")
    return _check_file(path, **options)


recognised.check_file = check_file
