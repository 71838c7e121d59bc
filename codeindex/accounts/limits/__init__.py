"""Limits on what clients may do: rates, simultaneous requests, and locks after wrong passwords."""
