"""The API describes itself: the OpenAPI document, the page at /docs, and docs/api.md."""
