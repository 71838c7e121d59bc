"""Calling again what has failed."""

import random
import time


class GaveUp(Exception):
    """Every attempt has failed."""


def retry(call, attempts=3, first_pause=0.1, longest_pause=30.0):
    """Calls a function again after it has failed, with exponential backoff and jitter.

    Raises `GaveUp` after the last attempt.
    """
    for pause in pauses(attempts, first_pause, longest_pause):
        try:
            return call()
        except OSError as error:
            last = error
            time.sleep(pause)
    raise GaveUp(str(last))


def pauses(attempts, first_pause, longest_pause):
    """Seconds to wait after each attempt: doubled each time, and spread at random."""
    for attempt in range(attempts):
        longest = min(longest_pause, first_pause * 2**attempt)
        yield random.uniform(longest / 2, longest)
