"""The renderer process: a ray tracer behind Brayns 3.10's JSON-RPC methods.

``main`` is the command, ``methods`` what clients call, ``context`` the state they share, ``models`` the scene as
clients see it, ``loaders`` where geometry comes from. ``engine`` traces: it knows nothing of JSON-RPC.
"""
