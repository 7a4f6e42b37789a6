"""The supervisors' desk: numbers that live and lead to their tickets, filters that are kept, and what is done to many at once."""
