"""The ray tracer: a scene, a camera and lights become pictures.

``engine`` is its face. ``scene`` keeps Embree's acceleration structure (``embree``, ``batch``) in step with the models;
``floors`` keeps copies of it with thicker neurites; ``tracer`` runs ``kernels`` on several threads over the pixels that
``cover`` marks, into a ``framebuffer``.
"""
