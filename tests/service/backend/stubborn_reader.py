"""Stands in for ``circuits``: does what its question says."""

import os
import sys
import threading

from brayns_widget.lifetime import when_stdin_closes

when_stdin_closes(lambda: os._exit(1))
match sys.argv[1]:
    case "hang":
        threading.Event().wait()
    case "crash":
        os.abort()
    case "chatter":
        sys.stderr.write("HDF5-DIAG\n" * 100_000)
        print('{"result": 5}')
