"""The pages of signing in: by password, by single sign-on, and by a link."""
