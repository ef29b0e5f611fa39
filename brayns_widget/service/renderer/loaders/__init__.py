"""Loaders: from files to geometry, with what colouring needs to know about it.

``base`` holds the contract, ``sonata`` the SONATA loader; ``nodes`` (who is where), ``morphology`` (what one cell looks
like) and ``neurons`` (all cells placed in the world) are its steps.
"""
