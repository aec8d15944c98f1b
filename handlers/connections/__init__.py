"""Sockets before they are calls: how many, how slow, and whose they are."""
