"""Meshes: files of triangles."""
