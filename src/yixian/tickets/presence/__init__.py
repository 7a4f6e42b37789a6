"""Two people on one ticket: they see each other before they collide."""
