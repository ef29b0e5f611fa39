"""The ray tracer: a scene, a camera and lights become pictures.

``engine`` is its interface. ``scene`` keeps Embree's acceleration structure (``embree``) in step with the models, of
parts that ``building`` makes. ``thickening`` keeps copies of it with thicker neurites. ``tracer`` runs ``kernels`` on
several threads over the pixels that ``cover`` marks, into a framebuffer (``pictures``). It takes plain values and
arrays: no class of the protocol, no error of JSON-RPC.
"""
