"""The metadata backend: what files there are and what is in a SONATA circuit, without loading it.

``base`` confines paths, ``reader`` reads circuits in child processes, ``circuits`` is what such a child runs,
``methods`` declares the JSON-RPC methods, ``main`` is the command. Contract: that of the real backend, version 3.0.0.
"""
