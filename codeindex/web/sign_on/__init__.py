"""The pages for signing in: with a password, by single sign-on, and by a link."""
