"""Coloring: the ways to color models, and the resulting tables of colors, one row for each color slot."""
