"""What a user holds: a controller with its groups of calls, the state that it shows, and tasks. No notebook in it."""
