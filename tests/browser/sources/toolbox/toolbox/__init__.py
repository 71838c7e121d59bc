"""Helpers that every service needs."""
