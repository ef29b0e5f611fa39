"""What a user holds: camera, models, colours, circuits, pictures. Value objects, without I/O."""
