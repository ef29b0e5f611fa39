"""The scene as clients see it: entries (models, lights, clips) by id, and the simulation time that they show."""
