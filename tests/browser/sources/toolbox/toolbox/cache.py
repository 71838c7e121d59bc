"""Keeping what is expensive to compute."""

import time
from collections import OrderedDict


class Cache:
    """Values by key, of which the least recently used are evicted first."""

    def __init__(self, capacity, seconds):
        self.capacity = capacity
        self.seconds = seconds
        self.entries = OrderedDict()

    def get(self, key, compute):
        """The value of a key, computed if it is missing or too old."""
        if key in self.entries:
            value, expires = self.entries[key]
            if expires > time.monotonic():
                self.entries.move_to_end(key)
                return value
        value = compute()
        self.put(key, value)
        return value

    def put(self, key, value):
        self.entries[key] = (value, time.monotonic() + self.seconds)
        self.entries.move_to_end(key)
        while len(self.entries) > self.capacity:
            self.entries.popitem(last=False)
