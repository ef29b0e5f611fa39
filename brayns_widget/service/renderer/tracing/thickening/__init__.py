"""Thickening: copies of the scene in which nothing round is thinner than a part of a pixel.

A neurite thinner than a pixel is hit by chance: it is speckle as long as the camera moves, and nearly gone when far
away. In a copy every vertex has at least the radius that so many pixels have at its distance from the camera (the
radius floor, ``floor``), and vertices less than a pixel behind another are left out, so that far views cost less than
without.

Copies (``thickened``) are built on a thread of their own, while the last one is traced (``copies``). One serves
as long as the camera stays about where it was. Two are kept: pixels are larger while the camera moves than at rest.
"""
