"""``python -m brayns_widget`` is the command ``brayns-widget``."""

import sys

from brayns_widget.cli import main

if __name__ == "__main__":
    sys.exit(main())
