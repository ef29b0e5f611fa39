"""The only code of the client side that opens sockets or starts processes."""
