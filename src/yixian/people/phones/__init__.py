"""A resident proves a telephone number by a code that is sent to it."""
