"""Draws a circuit with a Brayns that runs anywhere.

    python anywhere.py CIRCUIT [-o PICTURE] [--population NAME]                      on this machine
                       --renderer ws://HOST:PORT [--backend ws://HOST:PORT]          servers that run already
                       --master https://… --slave wss://…                            proxies, edition of 2023
                       --master https://… --project NAME                             proxies, edition of 2024

Each address may stand in an environment variable instead, such as BRAYNS_MASTER. The token of proxies is never an
argument, which other users of a machine can see: it stands in BRAYNS_WIDGET_TOKEN. The path of the circuit is one of
the machine where Brayns runs.
"""

import argparse
import os

from brayns_widget import Controller

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("circuit", help="SONATA configuration")
parser.add_argument("-o", "--output", default="picture.png", help="the picture, on this machine")
parser.add_argument("--population", help="cells to show; must be named where there is no backend")
for name in ("renderer", "backend", "master", "slave", "project", "usecase"):
    parser.add_argument(f"--{name}", default=os.environ.get(f"BRAYNS_{name.upper()}"))
options = vars(parser.parse_args())
circuit, output, population = (options.pop(name) for name in ("circuit", "output", "population"))

with Controller(**{name: value for name, value in options.items() if value}) as controller:
    for progress in controller.start():
        print(progress.operation)
    for model in controller.load_circuit(circuit, population=population, color_by="mtype").result():
        print(f"{model.name}: {model.state.cells} cells")
    controller.snapshot(output, size=(640, 480), samples=8).result()
    print(output)
