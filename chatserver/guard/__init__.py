"""Who may come in, how often, and what must not be exposed."""
