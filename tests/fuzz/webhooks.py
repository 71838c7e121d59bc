"""Bodies of every kind at every address that may change something."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote_plus

from tests.codeindex.integrations import payloads
from tests.fuzz import installed
from tests.fuzz.installed import PEOPLE, WEBHOOK_SECRET, Request
from tests.fuzz.mutations import mutated
from tests.fuzz.queries import HEADERS, PARTS, PIECES, VALUES
from tests.fuzz.running import Outcome

FIELDS = ["url", "name", "branch", "visibility", "teams", "username", "password", "old_password",
          "new_password1", "new_password2", "action", "_selected_action", "next", "ref", "id",
          "repository", "clone_url", "commits", "csrfmiddlewaretoken", "_save", "", "a" * 300,
          "owner", "email", "is_superuser"]  # fmt: skip
URLS = [
    "https://example.org/a.git",
    "ssh://git@example.org/a",
    "http://[",
    "http://h:99999/",
    "/etc",
    "file:///",
    "a@b:c",
    "https://x:y@z/w",
    "https://example.org/" + "a" * 5000,
]
TYPES = [
    "application/json",
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "multipart/form-data; boundary=é",
    "application/json; charset=utf-16",
    "application/json; charset=none",
    "application/xml",
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/octet-stream",
    "",
    "/",
    "a/b/c",
    "application/vnd.github+json",
    "application/json; charset=idna",
    "\xff/\xff",
]
EVENTS = ("push", "repo:push", "repo:refs_changed", "Push Hook", "System Hook", "ping", "")
PUSHES = (
    payloads.GITHUB,
    payloads.GITEA,
    payloads.GITLAB,
    payloads.BITBUCKET,
    payloads.BITBUCKET_SERVER,
)
METHODS = ("POST", "PUT", "PATCH", "DELETE")
DEEPEST = 100_000
LARGEST = 3_000_000


@dataclass(frozen=True)
class Webhooks:
    seed: str
    addresses: tuple[tuple[str, str], ...]
    """Methods with addresses that take them."""

    def begin(self) -> None:
        installed.begin()
        installed.warm()

    def generate(self, number: int) -> Request:
        random = Random(f"{self.seed}:{number}")
        method, path = random.choice(self.addresses)
        if random.random() < 0.05:
            path = f"{path.rstrip('/')}/{random.choice(PARTS)}"
        if random.random() < 0.05:
            method = random.choice(METHODS)
        kind = random.choice(TYPES)
        headers = {"CONTENT_TYPE": kind}
        if random.random() < 0.1:
            headers |= dict([random.choice(HEADERS)])
        body = _body(kind, random)
        if random.random() < 0.03:
            body, headers["HTTP_CONTENT_ENCODING"] = gzip.compress(body), "gzip"
        if "/hooks/" in path and random.random() < 0.8:
            headers |= {"HTTP_X_GITLAB_TOKEN": WEBHOOK_SECRET}
            headers |= {"HTTP_X_EVENT_KEY": random.choice(EVENTS)}
            body = _push(random) if random.random() < 0.7 else body
        who = random.choices(PEOPLE, (1, 4, 1, 4))[0]
        return Request(who, method, path, "", body, headers)

    def category(self, case: Request) -> str:
        return case.method

    def encode(self, case: Request) -> bytes:
        return case.encoded()

    def run(self, case: Request) -> Outcome:
        return installed.judge(self.category(case), installed.send(case))


def targets(addresses: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The methods that may change something, with the addresses that take them."""
    return tuple(
        (method, address)
        for address in addresses
        for method in (METHODS if address.startswith("/api/") else METHODS[:1])
        if installed.send(Request("admin", method, address)).status_code != 405
    )


def _body(kind: str, random: Random) -> bytes:
    if random.random() < 0.05:
        return random.randbytes(random.choice((0, 1, 1000)))
    if random.random() < 0.02:
        return random.choice((b"[", b'{"a":', b"0", b"a=1&", b" ")) * (
            random.choice((DEEPEST, LARGEST)) // 5
        )
    fields = {random.choice(FIELDS): _value(random, 3) for _ in range(random.randrange(6))}
    if random.random() < 0.5:
        fields |= {"url": random.choice(URLS), "name": random.choice(PIECES)}
    if "json" in kind:
        body = json.dumps(random.choice((fields, fields, [fields], _value(random, 2)))).encode()
    elif "multipart" in kind:
        body = _multipart(fields)
    else:
        body = "&".join(f"{quote_plus(k)}={_text(v)}" for k, v in fields.items()).encode()
    return mutated(body, body, random) if random.random() < 0.3 else body


def _push(random: Random) -> bytes:
    """Like what a host sends, with some of its parts replaced and some of its bytes changed."""
    payload = json.loads(json.dumps(random.choice(PUSHES)))
    for _ in range(random.randrange(4)):
        part = payload
        while isinstance(part, dict) and part and random.random() < 0.7:
            name = random.choice(list(part))
            if not isinstance(part[name], dict) or random.random() < 0.3:
                part[name] = _value(random, 2)
                break
            part = part[name]
    body = json.dumps(payload).encode()
    return mutated(body, body, random) if random.random() < 0.3 else body


def _value(random: Random, depth: int) -> object:
    match random.randrange(7 if depth else 4):
        case 0:
            return random.choice(PIECES)
        case 1:
            return random.choice(VALUES)
        case 2:
            return random.choice((None, True, 0, -1, 10**400, 1e308, float("nan"), float("inf")))
        case 3:
            return random.choice(URLS)
        case 4:
            return [_value(random, depth - 1) for _ in range(3)]
        case _:
            return {random.choice(FIELDS): _value(random, depth - 1)}


def _text(value: object) -> str:
    return quote_plus(str(value).encode("utf-8", "surrogatepass"))


def _multipart(fields: dict[str, object]) -> bytes:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return ("".join(parts) + "--x--\r\n").encode("utf-8", "surrogatepass")
