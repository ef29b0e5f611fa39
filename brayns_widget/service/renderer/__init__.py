"""The ray tracer behind Brayns' JSON-RPC methods."""
