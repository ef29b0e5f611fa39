"""Our renderer without what Brayns lacks: ``python -m tests.end_to_end.bare_renderer --uri 127.0.0.1:0``."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from brayns_widget.cli.main import main
from brayns_widget.protocol.brayns import additions
from brayns_widget.protocol.brayns.core import GET_VERSION, Version
from brayns_widget.protocol.brayns.pictures import RENDER_IMAGE
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.service.renderer.methods import METHODS

ADDITIONS = frozenset(thing.name for thing in vars(additions).values() if isinstance(thing, Endpoint))
"""Names of the methods that are ours alone."""


def strip() -> None:
    """Take our methods out of this process's renderer, and its name out of its version; it compresses as Brayns."""
    known = METHODS._methods
    for name in ADDITIONS:
        del known[name]
    plain = Version(major=3, minor=10, patch=1, revision="0")
    known[GET_VERSION.name] = replace(known[GET_VERSION.name], run=lambda _context: plain)
    picture = known[RENDER_IMAGE.name]

    def render(context: Any, params: Any, *more: Any) -> Any:
        inverted = params.model_copy(update={"jpeg_quality": 100 - params.jpeg_quality})
        return picture.run(context, inverted, *more)

    known[RENDER_IMAGE.name] = replace(picture, run=render)


if __name__ == "__main__":
    strip()
    sys.exit(main(["renderer", *sys.argv[1:]]))
