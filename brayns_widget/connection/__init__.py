"""Sockets and processes of the client side; no other package of the client opens or starts any."""
