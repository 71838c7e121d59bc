"""OAuth 2.1 for agents: which applications are registered, and what users have authorized."""
