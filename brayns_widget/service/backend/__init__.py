"""The metadata backend: listings of files, and contents of SONATA circuits without loading them.

``base`` confines paths, ``reader`` reads circuits in child processes, such a child runs ``circuits``,
``methods`` declares the JSON-RPC methods, ``main`` is the command. Contract: that of the real backend, version 3.0.0.
"""
