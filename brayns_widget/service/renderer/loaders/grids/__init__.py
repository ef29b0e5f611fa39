"""Grids: volumes, and atlases with the ways to show them."""
