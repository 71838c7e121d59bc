"""The lines of a file, and the units that are cut from them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol, TypeVar

from embeddings.code.outlines import MAX_TEXT, bounded
from embeddings.code.windows import LONG_UNIT, LONGEST_WINDOW, paragraph_depths, windows
from embeddings.types import Definition, Kind

MOST_WINDOWS = 200
"""Of one file. In longer files the windows are longer, too."""

MAX_NAME = 200
"""Characters of a name, and of the names around it."""

_WORD = re.compile(r"\w")


class Part(Protocol):
    """A named part of a file, such as a section; those inside it have a higher level."""

    @property
    def level(self) -> int: ...


P = TypeVar("P", bound=Part)


def outermost(parts: Sequence[P], most: int) -> list[P]:
    """The parts of as many levels, from the outermost on, as have `most` parts together."""
    counts = Counter(part.level for part in parts)
    levels = sorted(counts)
    totals = accumulate(counts[level] for level in levels)
    kept = {level for level, total in zip(levels, totals, strict=True) if total <= most}
    return [part for part in parts if part.level in kept]


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a file in a language. `starts` are the bytes at which they begin, and where one
    after the last would. A line without a word says nothing, nor does one that matches `silent` as
    a whole, such as a closing tag."""

    language: str
    texts: Sequence[str]
    starts: Sequence[int]
    silent: re.Pattern[str] | None = None

    @classmethod
    def split(cls, source: str, language: str, silent: re.Pattern[str] | None = None) -> Lines:
        texts = source.split("\n")
        sizes = (len(text.encode("utf-8", "replace")) + 1 for text in texts)
        return cls(language, texts, [*accumulate(sizes, initial=0)], silent)

    @property
    def last(self) -> int:
        return len(self.texts) - 1

    def size(self, first: int, last: int) -> int:
        """The bytes of the lines from `first` to `last` (from 0, both included)."""
        return self.starts[last + 1] - self.starts[first]

    def trimmed(self, first: int, last: int) -> tuple[int, int] | None:
        """The lines from the first that says something to the last one; None if there is none."""
        while first <= last and not self.says_something(first):
            first += 1
        while first < last and not self.says_something(last):
            last -= 1
        return (first, last) if first <= last else None

    def says_something(self, line: int) -> bool:
        text = self.texts[line]
        is_silent = self.silent is not None and self.silent.fullmatch(text)
        return not is_silent and bool(_WORD.search(text))

    def stripped(self, first: int, last: int) -> tuple[int, int]:
        """The lines without empty ones at their end."""
        while last > first and not self.texts[last].strip():
            last -= 1
        return first, last

    def text(self, first: int, last: int) -> str:
        return "\n".join(self.texts[first : last + 1])

    def unit(
        self,
        kind: Kind,
        first: int,
        last: int,
        name: str = "",
        qualified_name: str = "",
        text: str | None = None,
    ) -> Definition:
        """The unit of the lines from `first` to `last`. Its text is these lines, unless another is
        given."""
        return Definition(
            kind=kind,
            language=self.language,
            name=name[:MAX_NAME],
            qualified_name=qualified_name,
            start_line=first + 1,
            end_line=last + 1,
            start_byte=self.starts[first],
            end_byte=self.starts[last + 1] - 1,
            docstring="",
            text=bounded(self.text(first, last) if text is None else text),
        )

    def blocks(
        self, first: int, last: int, qualified_name: str = "", most: int = MOST_WINDOWS
    ) -> Iterator[Definition]:
        """The lines from `first` to `last` in windows, as blocks without names. They are longer
        where the file would have more than `most`."""
        longest = max(LONGEST_WINDOW, self.starts[-1] // most)
        depths = paragraph_depths(self.texts[first : last + 1])
        shifted = {first + line: depth for line, depth in depths.items()}
        for begin, end in windows(self.texts, first, last, shifted, longest):
            if lines := self.trimmed(begin, end):
                yield from self._pieces(*lines, qualified_name)

    def long_part(
        self,
        kind: Kind,
        first: int,
        last: int,
        name: str,
        qualified_name: str,
        most: int = MOST_WINDOWS,
    ) -> Iterator[Definition]:
        """A named unit of the lines and, if it is long, its later windows."""
        yield self.unit(kind, first, last, name, qualified_name)
        if self.size(first, last) > LONG_UNIT:
            inside = self.blocks(first, last, qualified_name, most)
            # The unit's own text already begins with the first one.
            next(inside, None)
            yield from inside

    def whole(self, most: int = MOST_WINDOWS) -> Iterator[Definition]:
        """A file without parts: one unit if it is short, and else its windows."""
        lines = self.trimmed(0, self.last)
        if lines is None:
            return
        if self.size(*lines) <= LONG_UNIT:
            yield self.unit(Kind.FILE, *lines)
        else:
            yield from self.blocks(*lines, most=most)

    def _pieces(self, first: int, last: int, qualified_name: str) -> Iterator[Definition]:
        """A window as a block; a line that is too long for a text, as several."""
        text = self.text(first, last)
        for start in range(0, len(text), MAX_TEXT):
            piece = text[start : start + MAX_TEXT]
            yield self.unit(Kind.BLOCK, first, last, "", qualified_name, piece)
