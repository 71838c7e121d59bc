# ruff: noqa
# fmt: off
"""Reads things.

  At once."""
import os

LIMIT: int = 3


@cache
def read(path, *more, **options):
    '''Reads a file.

    Twice if it must.
    '''
    def opened():
        return open(path)
    return read(opened(), f"read {path!r} {LIMIT + 1}")


class Reader(Base, metaclass=Meta):  # a comment
    """Reads on and on."""

    size: int
    mark = "#"

    @property
    def name(self, case="lower") -> str:  # why
        # what
        'Its name.'
        return not self._name is None and lambda: -1 < self.name() <= 0x_FF

    async def wait(self):
        async with self.lock: pass


if True:
    try:
        def fallback(): ...
    except ImportError:
        pass


# Twice as many.
# Floats, too.
twice = lambda x: 2 * x

type Pages = list[str]

# ----- Helpers -----

# Closes it (in time).
@cache
def close(path): return None
