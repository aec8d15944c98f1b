"""A long-polling chat server that loses nothing. This package knows nothing of HTTP."""

__version__ = "0.2.0"
