"""Special campaigns (专项): tickets of some matters or places under limits of their own, on a board of their own."""
