"""Translation of the protocol's classes to what the ray tracer takes, which knows none of them."""
