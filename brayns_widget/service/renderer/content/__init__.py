"""What models are made of: geometry, volumes and atlases, their colors, and what simulations recorded."""
