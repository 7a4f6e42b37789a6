"""A city's day again: contacts through the public API, simulated staff behind them, and a count of what arrived."""
