"""Several server processes as one: starting, watching and replacing them; and this one's memory."""
