"""JSON-RPC as Brayns speaks it, without I/O: messages as text and in binary, request table, errors.

The client side and the local service share this package and nothing else.
"""
