"""Held polls, who is present here, and what is known of their inboxes."""
