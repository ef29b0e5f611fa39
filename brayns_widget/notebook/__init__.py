"""Jupyter side: the widget, its traits, its pages' messages, and the contract of its front end."""
