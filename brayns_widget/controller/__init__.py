"""The Python API without a notebook: a controller with its groups of calls, its state, and tasks."""
