"""How many texts of each branch hold a word: the statistics that a search weighs words by.

They are kept by branch, so that a search adds up those that its user may see, and nothing of a
hidden repository is in them.
"""

from __future__ import annotations

from django.db import connection

from codeindex.models import IndexRun


def follow(run: IndexRun) -> None:
    """Bring the counts of the run's branch from what is live to the run's commit. Called in the
    transaction that publishes the run, before its files become live. Only texts that come or go
    are looked at."""
    with connection.cursor() as cursor:
        for statement in (COUNT, FORGET):
            cursor.execute(statement, {"run": run.pk, "branch": run.branch_id})


# A text counts once a branch, in however many of its files it lies.
COUNT = """
WITH held AS (
    SELECT definition.text_id, bool_or(file.live) AS before,
           bool_or(file.until_run_id IS DISTINCT FROM %(run)s) AS after
    FROM codeindex_sourcefile AS file
    JOIN codeindex_definition AS definition ON definition.blob_id = file.blob_id
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

FORGET = "DELETE FROM codeindex_wordcount WHERE branch_id = %(branch)s AND texts <= 0"
