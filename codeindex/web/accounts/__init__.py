"""Pages and REST of users: their tokens, and the audit of what was done."""
