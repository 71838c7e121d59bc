"""Addresses of code that stay valid: where a file comes from, which file an address means, and what
has become of a file that is gone."""
