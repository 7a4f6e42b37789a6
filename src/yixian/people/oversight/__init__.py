"""What the security and the audit administrator look over: accounts, sessions, the trail of what everybody did."""
