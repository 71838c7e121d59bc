"""Odd repositories, made by git's plumbing, through checkout and index."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz import installed
from tests.fuzz.mutations import mutated
from tests.fuzz.running import Outcome
from tests.git import GitRepository

INTERNAL = re.compile(
    r"(?i:traceback|internal error|constraint|duplicate key|codeindex_|psycopg|select |insert "
    r"|update )|\b[A-Z]\w*(Error|Exception)\b|\bat 0x|File \""
)
"""What no user should read as the reason of a failure."""

NAMES = [
    b"a.py",
    b"A.py",
    b"a.py ",
    b"..py",
    b".git.py",
    b"a\nb.py",
    b"\xff.py",
    b"\\xff.py",
    "é.py".encode(),
    "e\u0301.py".encode(),
    b"-x.py",
    b"a" * 4000 + b".py",
    b"\x1b[2J.py",
    b"<b>.py",
    b"'.py",
    b"CON.py",
    b"a\\b.py",
    b"\x7f.py",
    "\u202e.py".encode(),
]
MODES = [b"100644", b"100755", b"100664", b"120000", b"160000", b"40000", b"0", b"777777", b"10064"]
SOURCE = (
    b'def f(path):\n    """Read it."""\n    return open(path).read()\n\n\nclass A:\n    x = 1\n'
)


@dataclass(frozen=True, slots=True)
class Input:
    number: int
    kind: str
    seed: str


@dataclass(frozen=True)
class Git:
    """Each repository must end published, or failed with a reason in plain words."""

    seed: str

    def begin(self) -> None:
        installed.begin()

    def generate(self, number: int) -> Input:
        seed = f"{self.seed}:{number}"
        return Input(number, Random(seed).choice(sorted(KINDS)), seed)

    def category(self, case: Input) -> str:
        return case.kind

    def encode(self, case: Input) -> bytes:
        return f"{case}\n".encode()

    def run(self, case: Input) -> Outcome:
        from django.contrib.auth.models import User  # noqa: PLC0415  after Django is set up

        from codeindex import repositories, tasks  # noqa: PLC0415
        from codeindex.ingestion import pipeline  # noqa: PLC0415
        from codeindex.ingestion.cloning import mirrors  # noqa: PLC0415

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"odd{case.number}"
            KINDS[case.kind](path, Random(case.seed))
            alice = User.objects.get(username="alice")
            repository = repositories.register(
                url=str(path), owner=alice, by=alice, trusted_path=True
            )
            try:
                run = tasks.request_index(repository=repository, by=None)
                pipeline.index(run.pk)
                run.refresh_from_db()
            finally:
                repositories.remove(repository, by=None)
                mirrors.remove_unregistered()
        result = str(run.status)
        if run.status not in ("published", "failed"):
            return Outcome(case.kind, result, f"It ended as {result}: {run.error}")
        if run.status == "failed" and (not run.error or INTERNAL.search(run.error)):
            return Outcome(case.kind, "unfit reason", run.error or "no reason")
        return Outcome(case.kind, result)


class Plumbing:
    """A bare repository that is written object by object, unchecked."""

    def __init__(self, path: Path, *options: str) -> None:
        path.mkdir(parents=True)
        self.repository = GitRepository(path)
        self.repository.git("init", "--quiet", "--bare", "--initial-branch=main", *options)
        self.path = path

    def object(self, kind: str, content: bytes) -> str:
        file = self.path / "new"
        file.write_bytes(content)
        return self.repository.git("hash-object", "-w", "--literally", "-t", kind, str(file))

    def tree(self, *entries: tuple[bytes, bytes, str]) -> str:
        """Of (mode, name, hash), in the order given."""
        return self.object(
            "tree", b"".join(b"%s %s\0%s" % (m, n, bytes.fromhex(h)) for m, n, h in entries)
        )

    def commit(self, tree: str) -> None:
        who = b"A <a@b> 0 +0000"
        body = b"tree %s\nauthor %s\ncommitter %s\n\nx\n" % (tree.encode(), who, who)
        commit = self.object("commit", body)
        (self.path / "refs/heads").mkdir(exist_ok=True)
        (self.path / "refs/heads/main").write_text(f"{commit}\n")


def _source(random: Random) -> bytes:
    return mutated(SOURCE + b"# %d\n" % random.randrange(1 << 30), SOURCE, random)


def _names_and_modes(path: Path, random: Random) -> None:
    plumbing = Plumbing(path)
    blob = plumbing.object("blob", _source(random))
    count = random.randrange(1, 8)
    plumbing.commit(
        plumbing.tree(
            *((random.choice(MODES), random.choice(NAMES), blob) for _ in range(count)),
        )
    )


def _duplicates(path: Path, random: Random) -> None:
    plumbing = Plumbing(path)
    blobs = [plumbing.object("blob", _source(random)) for _ in range(2)]
    name = random.choice(NAMES)
    plumbing.commit(plumbing.tree(*((b"100644", name, blob) for blob in blobs)))


def _missing(path: Path, random: Random) -> None:
    plumbing = Plumbing(path)
    gone = f"{random.getrandbits(160):040x}"
    mode = random.choice((b"100644", b"40000"))
    plumbing.commit(random.choice((gone, plumbing.tree((mode, b"a.py", gone)))))


def _wrong_type(path: Path, random: Random) -> None:
    plumbing = Plumbing(path)
    blob = plumbing.object("blob", _source(random))
    tree = plumbing.tree((b"100644", b"a.py", blob))
    plumbing.commit(
        random.choice((blob, plumbing.tree((b"100644", b"b.py", tree), (b"40000", b"c", blob))))
    )


def _deep(path: Path, random: Random) -> None:
    plumbing = Plumbing(path)
    tree = plumbing.tree((b"100644", b"a.py", plumbing.object("blob", _source(random))))
    for _ in range(random.choice((10, 100))):
        tree = plumbing.tree((b"40000", b"d", tree))
    plumbing.commit(tree)


def _wide(path: Path, random: Random) -> None:
    """Many paths of few objects: each level holds the one below it ten times."""
    plumbing = Plumbing(path)
    tree = plumbing.tree((b"100644", b"a.txt", plumbing.object("blob", _source(random))))
    for _ in range(random.choice((2, 3, 4))):
        tree = plumbing.tree(*((b"40000", b"d%d" % each, tree) for each in range(10)))
    plumbing.commit(tree)


def _cyclic_links(path: Path, random: Random) -> None:
    plumbing = Plumbing(path)
    targets = (b"a.py", b"/etc/passwd", b"../../..", b"/dev/zero", b"\0", b"")
    links = [plumbing.object("blob", random.choice(targets)) for _ in range(3)]
    plumbing.commit(plumbing.tree(*((b"120000", b"%d.py" % n, b) for n, b in enumerate(links))))


def _head(path: Path, random: Random) -> None:
    plumbing = Plumbing(path)
    blob = plumbing.object("blob", _source(random))
    plumbing.commit(plumbing.tree((b"100644", b"a.py", blob)))
    heads = ("ref: refs/heads/gone\n", "ref: refs/heads/../../x\n", "", "x" * 9, f"{blob}\n",
             "ref: HEAD\n", "0" * 40 + "\n", "ref: refs/heads/main\n\0")  # fmt: skip
    (path / "HEAD").write_text(random.choice(heads))


def _empty(path: Path, random: Random) -> None:
    if random.random() < 0.5:
        Plumbing(path)
    else:
        path.mkdir()


def _sha256(path: Path, random: Random) -> None:
    plumbing = Plumbing(path, "--object-format=sha256")
    blob = plumbing.object("blob", _source(random))
    plumbing.commit(plumbing.tree((b"100644", b"a.py", blob)))


def _corrupt(path: Path, random: Random) -> None:
    """Bytes of objects or packs are others."""
    repository = GitRepository.made(path)
    repository.commit({f"{n}.py": _source(random) for n in range(5)})
    if random.random() < 0.5:
        repository.git("gc", "--quiet")
    files = [file for file in sorted((path / ".git/objects").rglob("*")) if file.is_file()]
    for file in random.sample(files, min(len(files), 2)):
        os.chmod(file, 0o600)
        file.write_bytes(mutated(file.read_bytes(), b"", random))


def _contents(path: Path, random: Random) -> None:
    repository = GitRepository.made(path)
    repository.commit(
        {
            "a.py": _source(random),
            "long.py": b"def " + b"a" * 6000 + b"():\n    return 1\n",
            "b.js": _source(random),
            "c.ts": b"\0" * 10,
        }
    )


def _settings(path: Path, random: Random) -> None:
    """Its own configuration, hooks, alternates and attributes, none of which may act."""
    repository = GitRepository.made(path)
    repository.commit({"a.py": _source(random), ".gitattributes": b"* filter=x\n"})
    repository.git("config", "filter.x.smudge", "false")
    repository.git("config", "uploadpack.packObjectsHook", "false")
    (path / ".git/objects/info/alternates").write_text(random.choice(("/etc\n", "/\n", "x\n")))
    if random.random() < 0.3:
        shutil.rmtree(path / ".git/refs")


KINDS: dict[str, Callable[[Path, Random], None]] = {
    "names and modes": _names_and_modes,
    "duplicate entries": _duplicates,
    "missing objects": _missing,
    "objects of another type": _wrong_type,
    "deep trees": _deep,
    "wide trees": _wide,
    "links": _cyclic_links,
    "broken HEAD": _head,
    "empty": _empty,
    "SHA-256": _sha256,
    "corrupt objects": _corrupt,
    "odd contents": _contents,
    "settings": _settings,
}
