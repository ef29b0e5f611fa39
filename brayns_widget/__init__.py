"""Brayns in a notebook: a live, ray-traced view of brain circuits."""
