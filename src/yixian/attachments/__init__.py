"""Files of tickets: photographs, recordings, documents; taken in clean, kept with who may see the ticket, given out safely."""
