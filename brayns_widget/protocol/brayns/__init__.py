"""Methods of the renderer with the types of their parameters and answers, named as in Brayns 3.10.

Lengths are in the circuit's unit (µm), angles in degrees, colors linear from 0 to 1. ``additions`` has the methods that
Brayns lacks.
"""
