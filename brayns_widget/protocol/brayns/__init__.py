"""What the renderer understands: its parameters, its answers and its methods, as Brayns 3.10 names them.

Lengths are in the circuit's unit (µm), angles in degrees, colors linear from 0 to 1. ``additions`` has what is ours and
not Brayns'.
"""
