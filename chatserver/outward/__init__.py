"""The way out: calls that this server makes by itself, to addresses that its operator named. HTTP ends here."""
