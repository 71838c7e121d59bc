"""Queries and parameters of search, and every address with odd parts, by page and by REST."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from urllib.parse import quote, quote_plus

from tests.fuzz import installed
from tests.fuzz.installed import PEOPLE, Request
from tests.fuzz.mutations import ODD
from tests.fuzz.running import Outcome

PIECES = [
    "retry", "with", "the", "of", "how to", "a.b", "a::b", "#x", "f()", "def f(x):\n    return x",
    "kind:", "kind:class", "-kind:method", "path:*", "path:**", "-path:**d**d*", "path:a/**/?",
    "path:[a-", "repo:shop", "-repo:alice/shop", "repo:none/", "lang:go", "lang:.py", "lang:?",
    '"', "'", '"two words"', '"the"', '""', "(", ")", "\\", ".*", "^$", "(?P<a>", "&", "|", "!",
    ":*", "<->", "%", "%s", "%00", "_", ";", "--", "/*", "'; SELECT 1; --", "<b>", "{{ x }}",
    "${x}", "/a.c/", "/(a{1000}){1000}/", "/(x+x+)+y/", "/(/", "/[[:^alpha:]]|\\C/", "/a|/",
    "/(?i)\\pL{900}/", "/a{,5}/", "/\\Qa/", "/x*/",
    "\t", "\n", "\r", "\x00", "\x1b[2J", "\u00a0", "\u200b", "\u202e", "\ufeff", "\ud800", "é", "İ",
    "漢字", "עברית", "हिन्दी", "🙂", "𝔘", "a\u0301", "x" * 300, "word " * 200, "1e309", "-0", "NaN",
]  # fmt: skip
NAMES = ["q", "repository", "repo", "path", "lang", "kind", "order", "group", "balance", "limit",
         "by", "code", "mode", "case", "word", "after",
         "page", "format", "next", "_", "q[]", ""]  # fmt: skip
VALUES = [
    "", "0", "1", "10", "200", "201", "-1", "1.5", "1e3", "٣", "²", "9" * 30, "null", "true", "[]",
    "definition", "file", "plain", "implementations", "even", "words", "structure", "1,0.5,0",
    "nan,inf,1", "1,1", ",,", "python", "go", ".ts", "class", "-class", "both", "meaning", "json",
    "exact", "regex", "text", "match", "ignore", "whole", "any", "WzEsMl0", "eyJhIjoxfQ==",
    "bnVsbA", "WyIiLCIiLCIiLCIiLDAsMCx0cnVlXQ", "WyIiLCIiLCIiLCJcdWQ4MDAiLDFlOTk5LDAsdHJ1ZV0",
]  # fmt: skip
PARTS = ["0", "1", "-1", "2147483648", "9223372036854775808", "9" * 40, "a", ".", "..", "%2e%2e",
         "%00", "%0a", "%ff", "%ed%a0%80", "%F0%9F%99%82", "%25", "%2F", ";", "*", "~", "x" * 5000,
         "(", "[", "'", '"', "<b>", "admin"]  # fmt: skip
SEARCHES = (
    "/", "/api/v1/search", "/similar/", "/api/v1/similar", "/lines/", "/api/v1/lines",
)  # fmt: skip


@dataclass(frozen=True)
class Queries:
    seed: str
    addresses: tuple[str, ...]

    def begin(self) -> None:
        installed.begin()
        installed.warm()

    def generate(self, number: int) -> Request:
        random = Random(f"{self.seed}:{number}")
        path = random.choice(SEARCHES if random.random() < 0.7 else self.addresses)
        if random.random() < 0.15:
            path = _odd_path(path, random)
        method = random.choices(("GET", "HEAD", "OPTIONS"), (20, 1, 1))[0]
        headers = {}
        if random.random() < 0.05:
            headers = dict([random.choice(HEADERS)])
        return Request(random.choice(PEOPLE), method, path, _query(path, random), headers=headers)

    def category(self, case: Request) -> str:
        return "search" if case.path in SEARCHES else "other addresses"

    def encode(self, case: Request) -> bytes:
        return case.encoded()

    def run(self, case: Request) -> Outcome:
        return installed.judge(self.category(case), installed.send(case))


HEADERS = [
    ("SERVER_NAME", "example.org"), ("HTTP_HOST", "localhost:x"), ("HTTP_HOST", "[::1"),
    ("HTTP_ACCEPT", "text/html"), ("HTTP_ACCEPT", "*/" * 500), ("HTTP_ACCEPT", "application/json"),
    ("HTTP_ACCEPT_ENCODING", "gzip;q=x"), ("HTTP_AUTHORIZATION", "Token"),
    ("HTTP_AUTHORIZATION", "Token a b"), ("HTTP_AUTHORIZATION", "Token \x00"),
    ("HTTP_AUTHORIZATION", "Token \xff"), ("HTTP_AUTHORIZATION", "Basic !"),
    ("HTTP_COOKIE", "sessionid=\x00; csrftoken=\xff"), ("HTTP_IF_MODIFIED_SINCE", "x"),
    ("HTTP_RANGE", "bytes=0-,1-2,-1"), ("HTTP_X_FORWARDED_PROTO", "https"),
]  # fmt: skip


def _query(path: str, random: Random) -> str:
    """Sensible parameters and odd ones, repeated or unknown ones, or bytes at random."""
    if random.random() < 0.02:
        return quote(random.randbytes(40), safe="=&%") + random.choice(("%", "&&", "=", "%zz"))
    pairs = [("code" if "similar" in path else "q", _text(random))]
    while random.random() < 0.5:
        value = random.choice(VALUES) if random.random() < 0.7 else _text(random)
        pairs.append((random.choice(NAMES), value))
    if random.random() < 0.1:
        pairs = pairs[1:]
    return "&".join(f"{quote_plus(name)}={_quoted(value)}" for name, value in pairs)


def _text(random: Random) -> str:
    pieces = random.choices(PIECES, k=round(40 ** random.random()))
    if random.random() < 0.1:
        pieces.append(random.choice(ODD).decode("utf-8", "surrogateescape"))
    return random.choice((" ", " ", "")).join(pieces)


def _quoted(value: str) -> str:
    return quote_plus(value.encode("utf-8", "surrogatepass" if "\ud800" in value else
                                   "surrogateescape"))  # fmt: skip


def _odd_path(path: str, random: Random) -> str:
    """One part of it is another one, or there is one more."""
    parts = path.split("/")
    parts[random.randrange(1, len(parts))] = random.choice(PARTS)
    return "/".join(parts) + random.choice(("", "", "/", "//", "/" + random.choice(PARTS)))
