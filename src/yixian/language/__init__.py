"""What is said: language, kind, matter, place, urgency, several matters in one."""
