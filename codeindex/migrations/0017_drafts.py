"""Vectors may be drafts, which are refined in the background."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0016_stray_bytes")]
    operations = [
        migrations.AlterField(
            "indexrun", "reading", models.PositiveSmallIntegerField(default=3, db_default=1)
        ),
        migrations.AddField(
            "embedding", "draft", models.BooleanField(default=False, db_default=False)
        ),
        migrations.AddField(
            "space",
            "drafted_by",
            models.CharField(max_length=64, blank=True, default="", db_default=""),
        ),
        migrations.AddField(
            "repository", "refining", models.BooleanField(default=True, db_default=True)
        ),
        migrations.AddIndex(
            "embedding",
            models.Index(
                fields=["space", "turn", "id"],
                condition=models.Q(draft=True),
                name="draft_embeddings",
            ),
        ),
    ]
