"""The pages and REST of teams."""
