"""Speed and memory of the server, measured beside bare Tornado in the same run: `python -m bench`."""
