"""Searches over HTTP, all the while."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from collections.abc import Sequence
from random import Random
from threading import Event, Lock, Thread
from urllib.error import URLError

from tests.journeys.installation import Browser

PAUSE = 0.1
WORDS = ("read", "write", "file", "parse", "error", "test", "token", "path", "list", "request")


class Outages:
    """When what was disturbed on purpose may be away."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def expect(self, what: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._until[what] = max(until, self._until.get(what, 0.0))

    def covers(self, what: str, began: float) -> bool:
        """Whether it may have been away at some time since `began`."""
        return began <= self._until.get(what, 0.0)


class Searches:
    """Clients that search until the block ends. Each answer is counted; one that should not have
    been is told of in `faults`. Once a landmark was found it must always be found."""

    def __init__(self, clients: Sequence[Browser], outages: Outages, random: Random) -> None:
        self.answers: Counter[str] = Counter()
        self.faults: list[str] = []
        self.landmarks: list[str] = []
        self.slowest = 0.0
        self._outages = outages
        self._found: set[str] = set()
        self._lock, self._done = Lock(), Event()
        self._threads = [
            Thread(target=self._search, args=(client, Random(random.random())), daemon=True)
            for client in clients
        ]

    def __enter__(self) -> Searches:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _search(self, client: Browser, random: Random) -> None:
        while not self._done.wait(PAUSE):
            known = self.landmarks and random.random() < 0.5
            query = random.choice(self.landmarks) if known else " ".join(random.sample(WORDS, 3))
            began = time.monotonic()
            answer, fault = self._answer(client, query, began)
            with self._lock:
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.answers[answer] += 1
                if fault:
                    self.faults.append(fault)

    def _answer(self, client: Browser, query: str, began: float) -> tuple[str, str]:
        """What became of a search, and what is wrong with that."""
        try:
            page = client.get("/api/v1/search", q=query)
        except (URLError, OSError, http.client.HTTPException) as error:
            expected = self._outages.covers("web", began)
            return "no connection", "" if expected else f"{query}: {error!r}"
        if page.status == 503 and self._outages.covers("database", began):
            return "503", ""
        if page.status != 200:
            return str(page.status), f"{query}: {page.status}: {page.text[:300]}"
        return "200", self._lost(query, page.text)

    def _lost(self, query: str, text: str) -> str:
        names = [result["qualified_name"] for result in json.loads(text)["results"]]
        if query in names:
            self._found.add(query)
        return f"{query} is found no more" if query in self._found - {*names} else ""
