"""From a send to the inboxes of all members: group commit, fan-out, and what a dead node left behind."""
