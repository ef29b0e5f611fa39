"""SONATA circuits and simulations as people have them, for the renderer and the backend.

``config`` reads configurations, ``listing`` tells what a circuit holds, ``populations`` opens nodes and edges: with
libsonata where it can read them (``native``), else with h5py and csv (``table``, ``table_edges``, ``types``);
``choice`` decides and says why. ``node_sets`` selects nodes. What cannot be read is an error only where it is
asked for.
"""
