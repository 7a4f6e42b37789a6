"""Leaders answer (接听日): sessions published in advance, calls handed over to them, and what became of what they promised."""
