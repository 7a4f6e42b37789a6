"""Which unit answers: the responsibility list and the confidence gate."""
