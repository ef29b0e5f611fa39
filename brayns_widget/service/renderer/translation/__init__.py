"""What clients set, translated to what the ray tracer takes: it knows no class of the protocol."""
