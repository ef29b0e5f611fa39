"""Morphologies: files of single cells, and their shapes as cone-spheres."""
