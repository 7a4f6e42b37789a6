"""The operators at their screens: what they are typing, how long a contact takes them, and who can take the next."""
