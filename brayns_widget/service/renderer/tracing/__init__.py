"""The ray tracer: a scene, a camera and lights become pictures.

``engine`` is its face. ``scene`` keeps Embree's acceleration structure (``embree``) in step with the models, and
gets their ``parts``: each its own, a ``batch`` of several, or ``instances`` of what is stretched. ``floors`` keeps
copies of it with thicker neurites; ``tracer`` runs ``kernels`` on several threads over the pixels that ``cover``
marks, into a ``framebuffer``.
"""
