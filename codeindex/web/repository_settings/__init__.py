"""The settings page of a repository, and the same over REST."""
