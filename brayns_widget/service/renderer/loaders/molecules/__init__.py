"""Molecules and point clouds: files of spheres."""
