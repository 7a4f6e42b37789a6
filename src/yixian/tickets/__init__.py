"""Tickets: one life cycle, one clock, one history."""
