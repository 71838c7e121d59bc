"""How many texts of each branch contain a word: the statistics by which a search weighs words.

They are kept by branch, so that a search adds up the branches that its user may see, and nothing of
a hidden repository shows in them.
"""

from __future__ import annotations

from django.db import connection

from codeindex.models import IndexRun


def update(run: IndexRun) -> None:
    """Bring the counts of the run's branch from the live commit to the run's. Called in the
    transaction that publishes the run, before its files become live. Reads only the texts that are
    added or removed."""
    with connection.cursor() as cursor:
        for statement in (COUNT, DELETE_EMPTY):
            cursor.execute(statement, {"run": run.pk, "branch": run.branch_id})


# A text counts once in a branch, no matter how many of its files contain it. A small commit reads
# few texts: those of the files that come or go.
COUNT = """
WITH moving AS (
    SELECT DISTINCT definition.text_id
    FROM codeindex_sourcefile AS file
    JOIN codeindex_definition AS definition ON definition.blob_id = file.blob_id
    WHERE file.branch_id = %(branch)s
      AND (file.live AND file.until_run_id = %(run)s
           OR file.from_run_id = %(run)s AND file.until_run_id IS NULL)
), held AS (
    SELECT definition.text_id, bool_or(file.live) AS before,
           bool_or(file.until_run_id IS DISTINCT FROM %(run)s) AS after
    FROM moving
    JOIN codeindex_definition AS definition ON definition.text_id = moving.text_id
    JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
    WHERE file.branch_id = %(branch)s
      AND (file.live OR file.from_run_id = %(run)s AND file.until_run_id IS NULL)
    GROUP BY definition.text_id
)
INSERT INTO codeindex_wordcount (branch_id, word, texts)
SELECT %(branch)s, word, sum(CASE WHEN held.after THEN 1 ELSE -1 END) AS texts
FROM held
JOIN codeindex_text AS text ON text.id = held.text_id
CROSS JOIN unnest(tsvector_to_array(text.words)) AS word
WHERE held.before <> held.after
GROUP BY word
HAVING sum(CASE WHEN held.after THEN 1 ELSE -1 END) <> 0
ORDER BY word
ON CONFLICT (word, branch_id) DO UPDATE SET texts = codeindex_wordcount.texts + excluded.texts
"""

DELETE_EMPTY = "DELETE FROM codeindex_wordcount WHERE branch_id = %(branch)s AND texts <= 0"
