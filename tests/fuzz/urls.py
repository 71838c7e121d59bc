"""Clone URLs with secrets in them, and those of hosts that must not be reached."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from random import Random

from tests.fuzz import installed
from tests.fuzz.installed import Request
from tests.fuzz.mutations import mutated
from tests.fuzz.queries import PIECES
from tests.fuzz.running import Outcome

SCHEMES = ["https", "https", "http", "ssh", "git", "file", "ext", "HTTPS", "git+ssh", "ftp", "",
           "javascript", "fd", "http:", "https:/"]  # fmt: skip
NEAR = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "0", "0.0.0.0",
    "localhost", "LOCALHOST", "localhost.", "127.0.0.1.", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "[::1%25lo]",
    "169.254.169.254", "[::ffff:169.254.169.254]", "127.0.0.1%00.example.org", "127。0。0。1",
    "①②⑦.0.0.1",
]  # fmt: skip
"""Of this machine and its cloud, which the settings refuse."""

HOSTS = ["example.org", "xn--p1ai", "é.example", "a" * 300, "[", "[::1", "]", "a b", "-x", "%41",
         "example.org:", "example.org:0", "example.org:99999", "example.org:x", "example.org:-1",
         ""]  # fmt: skip
PATHS = ["/a/b.git", "", "/", "/..", "/a/../..", "/.git", "/%00", "/%0a", "/-x", "/a b", ":a/b",
         "/" + "a" * 5000, "/é.git", "//a", "\\a", "/a.git/", "/--upload-pack=x"]  # fmt: skip
QUERIES = ["?private_token={0}", "?access_token={0}&x=1", "#{0}", "?{0}"]
UNUSED_PORT = 9
PASSWORDS = ["user:{0}@", "user:%20{0}@", ":{0}@", "a@b:{0}@"]
TOKENS = ["{0}@", "{0}:x-oauth-basic@", "{0}:@"]
"""What stands for a user is a secret over HTTP alone; over ssh it is a user."""

OWN_INPUT = re.compile(r'value="[^"]*"')
"""A form shows to who filled it in what they typed."""


@dataclass(frozen=True, slots=True)
class Input:
    url: str
    secret: str
    is_near: bool
    fields: dict[str, str]


@dataclass(frozen=True)
class Urls:
    """Registers URLs, by page and by REST, and looks for their secrets in all that is left."""

    seed: str

    def begin(self) -> None:
        installed.begin()
        logging.disable(logging.NOTSET)
        logging.getLogger().handlers = [_LOG]
        logging.getLogger().setLevel(logging.DEBUG)

    def generate(self, number: int) -> Input:
        random = Random(f"{self.seed}:{number}")
        secret = f"s3cr3t{number}"
        host, is_near = _host(random)
        scheme = random.choice(SCHEMES)
        as_scp, is_mutated = random.random() < 0.2, random.random() < 0.2
        over_http = scheme.lower() in ("http", "https") and not as_scp and not is_mutated
        user = random.choice(PASSWORDS + (TOKENS if over_http else [])).format(secret)
        user = user if random.random() < 0.5 else ""
        query = random.choice(QUERIES).format(secret) if random.random() < 0.3 else ""
        start = "" if as_scp else f"{scheme}://"
        separator = ":" if as_scp else ""
        url = f"{start}{user}{host}{separator}{random.choice(PATHS)}{query}"
        if is_mutated:
            mutant = mutated(url.encode(), url.encode(), random)
            url, is_near = mutant.decode("utf-8", "replace"), False
        fields = {"url": url, "visibility": "private"}
        if random.random() < 0.3:
            fields |= {"name": random.choice(PIECES), "branch": random.choice(PIECES)}
        return Input(url, secret, is_near, fields)

    def category(self, case: Input) -> str:
        return "of this machine" if case.is_near else "others"

    def encode(self, case: Input) -> bytes:
        return case.url.encode("utf-8", "replace")

    def run(self, case: Input) -> Outcome:
        from codeindex.ingestion.cloning import remotes  # noqa: PLC0415  after Django is set up

        category = self.category(case)
        try:
            remote = remotes.parse(case.url)
            result = "taken"
            if case.is_near and remote.host and _reaches(remote.host):
                return Outcome(category, "let through", f"{case.url} passes the check of its host")
        except remotes.RefusedRemote as refusal:
            result = "refused"
            if case.secret in str(refusal):
                return Outcome(category, "leaked", f"the refusal says {refusal}")
        return _registered(case, category) or Outcome(category, result)


def _reaches(host: str) -> bool:
    """Whether the proxy of a clone would try to connect to a host."""
    from django.conf import settings  # noqa: PLC0415  after Django is set up

    from codeindex.ingestion.cloning import proxy  # noqa: PLC0415

    def resolve(host: str, port: int) -> list[proxy.Address]:
        return resolved.setdefault(host, proxy.resolve(host, port))

    resolved: dict[str, list[proxy.Address]] = {}
    with proxy.serving(settings.CODEINDEX_REFUSED_NETWORKS, "", resolve) as serving:
        try:
            serving.connect(host, UNUSED_PORT).close()
        except proxy.Unreachable as reason:
            return bool(resolved) and reason.reply != proxy.REFUSED
    return True


def _host(random: Random) -> tuple[str, bool]:
    if random.random() < 0.5:
        return random.choice(NEAR) + random.choice(("", "", ":80")), True
    return random.choice(HOSTS), False


def _registered(case: Input, category: str) -> Outcome | None:
    """What is wrong with how it is registered, by REST and by page, if anything is."""
    _LOG.lines.clear()
    body = json.dumps(case.fields).encode()
    headers = {"CONTENT_TYPE": "application/json"}
    by_rest = installed.send(
        Request("alice", "POST", "/api/v1/repositories", body=body, headers=headers)
    )
    form = installed.form(case.fields)
    by_page = installed.send(Request("alice", "POST", "/repositories/register", **form))
    for response in (by_rest, by_page):
        outcome = installed.judge(category, response)
        if outcome.fault:
            return outcome
        if _is_secret(case) and case.secret in OWN_INPUT.sub(
            "", response.content.decode("utf-8", "replace")
        ):
            return Outcome(category, "leaked", f"the answer to {case.url} holds its secret")
    if _is_secret(case) and any(case.secret in line for line in _LOG.lines):
        return Outcome(category, "leaked", f"a log line on {case.url} holds its secret")
    return None


def _is_secret(case: Input) -> bool:
    """Whether it stands where a secret may stand: a mutation can make it a user of ssh, or a
    part of the path."""
    secret = re.escape(case.secret)
    places = rf"(:|https?://)[^/]*{secret}[^/]*@|[?#].*{secret}"
    return bool(re.search(places, case.url, re.IGNORECASE | re.DOTALL))


class _Log(logging.Handler):
    """Keeps what is logged, as it would be written, less the statements of SQL."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("django.db"):
            self.lines.append(self.format(record))


_LOG = _Log()
