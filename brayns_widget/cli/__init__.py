"""The command ``brayns-widget``: one module for each subcommand."""

from brayns_widget.cli.main import COMMANDS, main, renderer

__all__ = ["COMMANDS", "main", "renderer"]
