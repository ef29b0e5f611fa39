"""Frames on their way from the stream to the pages: the host of a scene's stream, its sockets, and its own process.

``host`` is one scene's stream with its views. It runs in the frame process (``process``), or on the kernel's loop
thread where there can be none. ``server`` serves the sockets that pages open by a ticket. ``client`` is the kernel's
side: it starts the process, and speaks with it over the messages of ``control``.
"""
