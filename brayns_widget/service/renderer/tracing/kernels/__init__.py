"""What Numba compiles: machine code that calls Embree for each packet of rays. Python is not needed while it runs.

``surfaces`` draws what is opaque and has the tile loop that the others share; ``layers`` adds what lets light through,
``volumes`` (``march``) volumes. ``paths`` and ``volume_paths`` are the path tracer's. ``cover``, ``floor`` and ``clip``
do not draw: they mark pixels, make neurites thicker, and drop hits.
"""
