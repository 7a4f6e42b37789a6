"""Staff, roles, sessions, second factor; callers; masking, encryption, reveal."""
