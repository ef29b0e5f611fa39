"""Kernels that Numba compiles: they call Embree for each packet of rays, and run without Python.

``surfaces`` draws opaque surfaces and has the parts that all share; ``layers`` adds transparency, ``volumes`` (by
``march``) volumes. ``paths`` and ``volume_paths`` are the path tracer's, with ``microfacets``, ``flakes`` and
``hashing``. ``cover``, ``thicken`` and ``clip`` do not draw: they mark pixels, make neurites thicker, and reject hits.
"""
