"""Contacts: every way in, and the named outcome each one ends with."""
