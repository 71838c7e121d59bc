"""Pages for administrators: users, tokens, spaces, workers and storage."""
