"""The reviewers' desk and the call-backs: is the answer an answer, and what was it worth to who asked."""
