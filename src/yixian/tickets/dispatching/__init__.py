"""The dispatcher's desk: the queue of unsure ones, what helps to decide, and doing one thing to many tickets."""
