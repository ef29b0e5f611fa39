"""Loaders: from files to geometry, with what coloring needs to know about it.

``base`` holds the contract; each other module with a ``LOADER`` reads one kind of file, and ``registry`` lists them.
``nodes`` (who is where), ``morphology`` (what one cell looks like) and ``neurons`` (all cells placed in the world) are
the steps of those that read circuits.
"""
