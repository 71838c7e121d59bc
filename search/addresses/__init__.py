"""Addresses of code that stay valid: where a file comes from, which file an address means, and what
became of one that is gone."""
