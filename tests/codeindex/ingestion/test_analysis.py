"""Texts whose words an older version made are analysed again, and the counts of words with them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.expressions import RawSQL

from codeindex import repositories, tasks
from codeindex.ingestion import garbage_collection
from codeindex.ingestion.lexical import analysis
from codeindex.models import Blob, BlobWords, Definition, SourceFile, Text, WordCount
from embeddings.code.words import ANALYSIS_VERSION
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

pytestmark = pytest.mark.django_db

OLD = "UPDATE codeindex_text SET analysis = 1, words = 'an:1 old:2'::tsvector"
RECOUNT = """
DELETE FROM codeindex_wordcount;
INSERT INTO codeindex_wordcount (branch_id, word, texts)
SELECT file.branch_id, word, count(DISTINCT text.id)
FROM codeindex_sourcefile AS file
JOIN codeindex_definition AS definition ON definition.blob_id = file.blob_id
JOIN codeindex_text AS text ON text.id = definition.text_id
CROSS JOIN unnest(tsvector_to_array(text.words)) AS word
WHERE file.live GROUP BY 1, 2
"""


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def counts() -> set[tuple[int, str, int]]:
    return set(WordCount.objects.filter(texts__gt=0).values_list("branch", "word", "texts"))


@pytest.fixture
def outdated(alice: User, bob: User) -> None:
    """Two repositories that share a text, all stored by an older version."""
    shop, store = shelf.repository(alice), shelf.repository(bob, "store")
    for place, path in ((shop, "a.py"), (shop, "b.py"), (store, "a.py")):
        shelf.put(place, path, Written("def missing(): return 404", "missing"))
    shelf.put(shop, "c.py", Written("def fine(): return 200", "fine"))
    shelf.put(shop, "gone.py", Written("def gone(): return 410", "gone"), live=False)
    execute(OLD)
    execute(RECOUNT)


def test_words_and_counts_are_renewed(outdated: None, alice: User) -> None:
    assert not find(alice, "404").results
    assert analysis.renew() == 3
    renewed = counts()
    assert not Text.objects.exclude(analysis=ANALYSIS_VERSION).exists()
    (result,) = find(alice, "404").results
    assert result.definition.place.path == "a.py"
    execute(RECOUNT)
    assert counts() == renewed
    assert analysis.renew() == 0


def test_a_sweep_renews_batch_by_batch(outdated: None) -> None:
    assert analysis.renew(seconds=0, batch=2) == 2
    assert Text.objects.filter(analysis=ANALYSIS_VERSION).count() == 2
    tasks.sweep()
    assert not Text.objects.exclude(analysis=ANALYSIS_VERSION).exists()


def test_a_repository_that_is_removed_leaves_no_counts(outdated: None, bob: User) -> None:
    analysis.renew(seconds=0, batch=1)
    repositories.remove(bob.repositories.get(), by=bob)
    analysis.renew()
    renewed = counts()
    execute(RECOUNT)
    assert counts() == renewed


@pytest.fixture
def unnamed(alice: User) -> None:
    """Three files whose names are not analysed yet."""
    shop = shelf.repository(alice)
    for name in ("invoice", "ledger", "receipt"):
        shelf.put(shop, f"{name}.py", Written(f"return {len(name)}", "f"))
    SourceFile.objects.update(name_words=None)


def test_files_of_an_older_version_are_found_by_their_names(unnamed: None, alice: User) -> None:
    assert not find(alice, "ledger").results
    assert analysis.renew() == 3
    (result,) = find(alice, "ledger").results
    assert result.definition.place.path == "ledger.py"
    assert analysis.renew() == 0


def test_their_names_are_renewed_batch_by_batch(unnamed: None) -> None:
    assert analysis.renew(seconds=0, batch=2) == 2
    assert SourceFile.objects.filter(name_words=None).count() == 1
    tasks.sweep()
    assert not SourceFile.objects.filter(name_words=None).exists()


def test_rows_of_an_older_version_are_known_as_such() -> None:
    execute(
        "INSERT INTO codeindex_text (hash, language, kind, body, words)"
        " VALUES ('1', 'python', 'function', 'return 404', '')"
    )
    assert Text.objects.get().analysis == 1
    assert analysis.renew() == 1


def words_of(blob: Blob) -> set[str]:
    return set(BlobWords.objects.get(blob=blob).words.replace("'", "").split())


class TestBlobs:
    @pytest.fixture
    def blob(self, alice: User) -> Blob:
        """One that an older version stored."""
        written = Written("def missing(): return 404", "missing")
        file, _ = shelf.put(shelf.repository(alice), "a.py", written)
        BlobWords.objects.all().delete()
        Blob.objects.update(analysis=0)
        return file.blob

    def test_the_sweep_writes_their_words(self, blob: Blob) -> None:
        tasks.sweep()
        assert words_of(blob) >= {"miss", "404", "return"}
        assert analysis.renew() == 0

    def test_texts_are_analysed_first(self, blob: Blob) -> None:
        execute(OLD)
        assert analysis.renew(seconds=0, batch=1) == 1
        assert not BlobWords.objects.exists()
        analysis.renew()
        assert "404" in words_of(blob)

    def test_a_blob_of_more_words_than_fit_has_some_of_them(self, blob: Blob) -> None:
        long = "é" * 50
        words = [long, *(f"{number:048}" for number in range(analysis.FILE_WORDS + 5))]
        for start in range(0, len(words), 2_000):
            text = Text.objects.create(
                hash=str(start),
                language="python",
                kind="function",
                body="",
                words=RawSQL("array_to_tsvector(%s)", [words[start : start + 2_000]]),
            )
            Definition.objects.create(blob=blob, text=text, start_line=1, end_line=1)
        analysis.renew()
        kept = words_of(blob)
        assert len(kept) == analysis.FILE_WORDS
        assert long not in kept

    def test_they_leave_with_their_blob(self, blob: Blob) -> None:
        analysis.renew()
        SourceFile.objects.all().delete()
        garbage_collection.mark()
        garbage_collection.sweep(timedelta(0))
        assert not Blob.objects.exists()
        assert not BlobWords.objects.exists()
