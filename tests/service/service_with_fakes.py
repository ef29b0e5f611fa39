"""`brayns-widget service` as it is, but for the servers that it starts."""

import sys
from pathlib import Path

from brayns_widget.cli import main
from brayns_widget.service import main as service

FAKE = str(Path(__file__).with_name("fake_server.py"))


def fake_commands(_):
    return {name: [sys.executable, FAKE] for name in ("renderer", "backend")}


if __name__ == "__main__":
    setattr(service, "local_commands", fake_commands)  # noqa: B010 - it is not there for export
    sys.exit(main(["service", *sys.argv[1:]]))
