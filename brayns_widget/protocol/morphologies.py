"""What readers of morphologies agree on, in the renderer and on the client side."""

from __future__ import annotations

# How far from the soma's center a root section of an H5 or ASC file or of a MorphIO object may begin, in radii of the
# soma, to be joined to it by a cone: these do not say which neurites the soma bears. Of the 160 root sections of the 23
# real cells that this was measured with, the farthest that stands on a sphere or contour begins at 5.2 radii (an axon
# that was grafted onto another cell, 38 µm from the center), and the real renderer draws its cone. Pieces from other
# slices begin at 20 and more. SWC files name the point that each one continues, which counts, however far it is.
FARTHEST_ROOT = 8.0
