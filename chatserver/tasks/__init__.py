"""Work for later: claimed with a lease by any node in its spare time, repeated until it is done or given up."""
