"""Loaders: from files to geometry, with what coloring needs to know about it.

``base`` holds the contract; each module with a ``LOADER`` reads one kind of file, and ``registry`` lists them. A folder
holds one kind of content.
"""
