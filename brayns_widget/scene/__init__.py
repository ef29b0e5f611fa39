"""What a user holds: camera, models, colors, circuits, pictures. Value objects, without I/O."""
