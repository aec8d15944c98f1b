"""The HTTP edge: parse, call one service, answer. No logic, no storage."""
