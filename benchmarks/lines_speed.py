"""The measurements of `python -m benchmarks.lines`, which sets up Django."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from more_itertools import chunked
from tqdm import tqdm

from benchmarks.http_load import Latencies
from codeindex.ingestion import contents
from codeindex.ingestion.bulk import binary_cursor
from codeindex.ingestion.contents import ReadBlob
from codeindex.ingestion.lexical import grams
from codeindex.local_services import ensure_services
from codeindex.management.index import ADMINISTRATOR
from codeindex.models import Blob, Branch, IndexRun, Repository, RunStatus, SourceFile
from embeddings.files import origins, path_rules
from embeddings.files.grams import SHORTEST, grams_of_length, symbols
from search.lines import finding
from search.lines.request import parse_lines

BATCH = 50
MEMBER = "member"
MAX_BYTES = 1_000_000
SAMPLED = 3_000
"""Files of the first replica from which queries are taken."""

_WORD = re.compile(r"[^\W\d]\w{3,}")


def measure(options: Namespace) -> None:
    """Makes the index if there is none, and prints its figures."""
    with ensure_services():
        call_command("migrate", verbosity=0, interactive=False)
        if not SourceFile.objects.exists():
            _fill([file for path in options.repositories for file in _files(path)], options.files)
        _print_size()
        if options.gin:
            _print_gin(options.gin)
            return
        kinds = _queries(random.Random(0), options.queries)
        for name, user in (("everything", ADMINISTRATOR), ("half", _member())):
            for kind, queries in kinds.items():
                _print_speed(f"{name}: {kind}", user, queries)


def _files(repository: Path) -> Iterator[tuple[str, str]]:
    """The text files at the head of a repository, bare or not, as (path, text), without vendored,
    generated and minified ones. A partial clone may lack some."""
    git = ["git", "-C", str(repository)]
    listed = subprocess.run([*git, "ls-tree", "-rlz", "HEAD"], capture_output=True, check=True)
    blobs = {}
    for entry in listed.stdout.split(b"\0")[:-1]:
        meta, path = entry.split(b"\t", 1)
        _, kind, sha, size = meta.split()
        if kind == b"blob" and size.isdigit() and int(size) < MAX_BYTES:
            blobs[path.decode(errors="replace")] = sha
    given = b"\n".join([*blobs.values(), b""])
    command = [*git, "cat-file", "--batch"]
    read = subprocess.run(command, input=given, capture_output=True, check=True).stdout
    place = 0
    for path in blobs:
        begin = read.index(b"\n", place) + 1
        end = begin + int(read[place:begin].split()[2])
        place = end + 1
        text = read[begin:end].decode(errors="replace")
        left_out = path_rules.origins(path) or origins.by_content(text)
        if "\0" not in text and not left_out:
            yield f"{repository.parent.name}/{path}", text


def _fill(files: Sequence[tuple[str, str]], count: int) -> None:
    """Stores replicas of the files until there are `count`."""
    words = sorted({word for _, text in files for word in _WORD.findall(text)})
    owner = User.objects.create(username="owner")
    stored, size, seconds = 0, 0, 0.0
    for replica in range(-(-count // len(files))):
        branch = _branch(owner, f"replica-{replica:02}")
        renamed = _renamed(words, replica)
        part = files[: count - stored]
        for batch in chunked(tqdm(part, f"replica {replica}"), BATCH):
            texts = {path: _WORD.sub(partial(_word, renamed), text) for path, text in batch}
            seconds += _store(branch, texts)
            size += sum(map(len, texts.values()))
        grams.pack()  # as at the end of a run
        stored += len(part)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"{stored:,} files, {size / 1e6:,.0f} MB; {1000 * seconds / stored:.2f} ms a file stored")


def _branch(owner: User, name: str) -> Branch:
    branch = Repository.objects.create(owner=owner, name=name).branches.create()
    now = timezone.now()
    branch.live_run = IndexRun.objects.create(
        branch=branch, status=RunStatus.PUBLISHED, texts=1, finished=now
    )
    branch.save()
    return branch


@transaction.atomic
def _store(branch: Branch, texts: Mapping[str, str]) -> float:
    """Stores files; returns the seconds for their contents and grams."""
    blobs = [
        ReadBlob(hashlib.sha256(f"{branch.pk} {path}".encode()).hexdigest(), "text", text)
        for path, text in texts.items()
    ]
    began = time.perf_counter()
    saved = {blob.sha: pk for pk, blob in contents.save(blobs)}
    seconds = time.perf_counter() - began
    SourceFile.objects.bulk_create(
        SourceFile(
            branch=branch, path=path, blob_id=saved[blob.sha], from_run=branch.live_run, live=True
        )
        for path, blob in zip(texts, blobs, strict=True)
    )
    return seconds


def _word(renamed: Mapping[str, str], found: re.Match[str]) -> str:
    return renamed.get(found[0], found[0])


def _renamed(words: Sequence[str], replica: int) -> dict[str, str]:
    """A third of the words → others; none in the first replica."""
    chance = random.Random(replica)
    return {word: chance.choice(words) for word in words if replica and chance.random() < 1 / 3}


def _print_size() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        blocks, index, files, text = cursor.fetchone()
    print(
        f"{files:,} contents, {text / 1e6:,.0f} MB of text; {blocks:,} blocks of grams,"
        f" {index / files:,.0f} bytes a file, {index / text:.3f} of the text"
    )


def _print_gin(count: int) -> None:
    """Core GIN over arrays of trigrams, of some contents."""
    texts = list(Blob.objects.order_by("pk").values_list("content", flat=True)[:count])
    size = sum(map(len, texts))
    arrays = [grams_of_length(symbols(text), SHORTEST) for text in texts]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE arrays (trigrams integer[])")
        cursor.execute("CREATE INDEX arrays_gin ON arrays USING gin (trigrams)")
    began = time.perf_counter()
    for batch in chunked(arrays, BATCH):
        with binary_cursor() as cursor:
            cursor.executemany("INSERT INTO arrays VALUES (%b)", [(own,) for own in batch])
    seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE arrays")
        cursor.execute("SELECT pg_table_size('arrays'), pg_relation_size('arrays_gin')")
        table, index = cursor.fetchone()
    each = 1000 * seconds / len(arrays)
    print(
        f"GIN of {len(arrays):,} contents, {size / 1e6:,.0f} MB: {each:.1f} ms a content,"
        f" {table / size:.3f} of the text for the arrays, {index / size:.3f} for the index"
    )


def _member() -> User:
    """A user who may see every second repository."""
    member, is_new = User.objects.get_or_create(username=MEMBER)
    if is_new:
        team = Group.objects.create(name=MEMBER)
        member.groups.add(team)
        team.repositories.set(Repository.objects.order_by("pk")[::2])
    return member


def _queries(chance: random.Random, count: int) -> dict[str, Sequence[str]]:
    """kind → queries out of the files of the first replica."""
    first = SourceFile.objects.filter(branch__repository__name="replica-00").order_by("pk")
    texts = list(first.values_list("blob__content", flat=True)[:: max(1, first.count() // SAMPLED)])
    lines = [line.strip() for text in texts for line in text.split("\n") if len(line.strip()) > 20]
    places = [word for line in lines for word in _WORD.findall(line)]
    distinct = sorted(set(places))

    def sample(make: str) -> list[str]:
        return [_query(make, chance, lines, places, distinct) for _ in range(count)]

    return {kind: sample(kind) for kind in KINDS}


KINDS = (
    "a distinct identifier", "an identifier by its frequency", "three letters", "five letters",
    "the start of a line", "a regular expression of two words", "a call by regular expression",
    "no letters known",
)  # fmt: skip


def _query(
    kind: str,
    chance: random.Random,
    lines: Sequence[str],
    places: Sequence[str],
    distinct: Sequence[str],
) -> str:
    word, other = chance.choice(places), chance.choice(distinct)
    match kind:
        case "a distinct identifier":
            return f'"{other}"'
        case "an identifier by its frequency":
            return f'"{word}"'
        case "three letters":
            return f'"{other[:3]}"'
        case "five letters":
            return f'"{(other * 2)[1:6]}"'
        case "the start of a line":
            return chance.choice(lines)[:30].replace("/", "").replace('"', "").strip() or word
        case "a regular expression of two words":
            return rf"/{word}\W.*{chance.choice(places)}/"
        case "a call by regular expression":
            return rf"/\b{other}\w*\(/"
    digits = chance.randint(2, 6)
    return rf"/[0-9]{{{digits}}}\.[0-9]+\.[0-9]{{{digits}}}/"


def _print_speed(name: str, user: User, queries: Sequence[str]) -> None:
    seconds, exact = [], 0
    for query in queries:
        began = time.perf_counter()
        answer = finding.find(parse_lines(user, {"q": [query]}))
        seconds.append(time.perf_counter() - began)
        exact += answer.exact
    latencies = Latencies(seconds, sum(seconds))
    print(f"{name:50} {latencies}, {exact / len(queries):.0%} counted exactly", flush=True)


SIZES = """
SELECT (SELECT count(*) FROM codeindex_gramblock),
       pg_total_relation_size('codeindex_gramblock'),
       count(*), sum(octet_length(content)) FROM codeindex_blob
"""
