"""Tickets about one event: found, counted, raised with a supervisor, handled as one."""
