"""Typed JSON-RPC servers: one declaration per method gives validation, JSON Schema and documentation.

``schema`` turns types into JSON Schema and validation errors into Brayns' wording, ``methods`` holds the
declarations, ``server`` serves them over WebSocket. Renderer and backend are built on it.
"""
