"""The metadata backend: files, and contents of SONATA circuits without loading them.

``base`` confines paths. ``reader`` reads circuits in processes of their own (``child``), which run ``circuits`` with
``nodes``, ``attributes`` and ``frames``. A connection holds its ``selections``, with their ``reports``. ``methods``
declares the JSON-RPC methods, ``main`` is the command. Contract: that of the real backend, version 3.0.0.
"""
