"""The `chatserver` command: an edge like `handlers`, for the operator instead of for clients."""
