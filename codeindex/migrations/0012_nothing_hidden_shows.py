"""Words are counted by branch and come from a text alone, and plain numbers in addresses end."""

import django.db.models.deletion
from django.db import migrations, models

from codeindex.ingestion.lexical import analysis

TEXTS = 1_000

# Whose words may hold the names of what encloses them: in one place of several.
ENCLOSED = """
SELECT DISTINCT text_id FROM codeindex_definition WHERE qualified_name LIKE '%%.%%'
"""

WORDS = """
UPDATE codeindex_text AS text SET words = new.words
FROM (
    SELECT id, strip(to_tsvector('english', words)) AS words
    FROM unnest(%(id)s::bigint[], %(words)s::text[]) AS given (id, words)
) AS new
WHERE text.id = new.id AND text.words <> new.words
"""

COUNT = """
INSERT INTO codeindex_wordcount (branch_id, word, texts)
SELECT held.branch_id, word, count(*)
FROM (
    SELECT DISTINCT file.branch_id, definition.text_id
    FROM codeindex_sourcefile AS file
    JOIN codeindex_definition AS definition ON definition.blob_id = file.blob_id
    WHERE file.live
) AS held
JOIN codeindex_text AS text ON text.id = held.text_id
CROSS JOIN unnest(tsvector_to_array(text.words)) AS word
GROUP BY held.branch_id, word
ORDER BY word, held.branch_id
"""

PLAIN = """
INSERT INTO codeindex_plainid ("row", up_to)
SELECT 'repository', coalesce(max(id), 0) FROM codeindex_repository
UNION ALL SELECT 'run', coalesce(max(id), 0) FROM codeindex_indexrun
UNION ALL SELECT 'file', coalesce(max(id), 0) FROM codeindex_sourcefile
UNION ALL SELECT 'definition', coalesce(max(id), 0) FROM codeindex_definition
"""


def words_from_texts_alone(apps, schema_editor):
    """A text's words were also those of the names around whichever definition brought it first,
    which may be hidden."""
    Text = apps.get_model("codeindex", "Text")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(ENCLOSED)
        enclosed = [text for (text,) in cursor.fetchall()]
        for start in range(0, len(enclosed), TEXTS):
            some = enclosed[start : start + TEXTS]
            bodies = dict(Text.objects.filter(pk__in=some).values_list("pk", "body"))
            words = [analysis.words(body) for body in bodies.values()]
            cursor.execute(WORDS, {"id": list(bodies), "words": words})


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0011_tokens")]
    operations = [
        migrations.RunPython(words_from_texts_alone, migrations.RunPython.noop),
        migrations.CreateModel(
            name="WordCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.TextField()),
                ("texts", models.IntegerField()),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="codeindex.branch",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="wordcount",
            constraint=models.UniqueConstraint(
                fields=("word", "branch"), include=("texts",), name="one_count_a_word_and_branch"
            ),
        ),
        migrations.AddField(
            "indexrun", "texts_known", models.PositiveIntegerField(default=0, db_default=0)
        ),
        migrations.CreateModel(
            name="PlainId",
            fields=[
                (
                    "row",
                    models.CharField(max_length=20, primary_key=True, serialize=False),
                ),
                ("up_to", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(PLAIN, migrations.RunSQL.noop),
    ]
