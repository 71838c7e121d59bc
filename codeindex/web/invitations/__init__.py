"""The pages and REST of invitations."""
